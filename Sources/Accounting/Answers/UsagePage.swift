import Pricing

/// By what the rows of a report are sorted.
enum UsageOrder: String, CaseIterable {
    case cost, requests, tokens, name

    /// By name where time is among the dimensions, so that days come in their order; else the
    /// dearest first.
    init(_ parameters: Parameters, _ dimensions: [GroupDimension]) throws(QuestionError) {
        guard let text = try parameters.text("sort") else {
            self = dimensions.contains { $0.unit != nil } ? .name : .cost
            return
        }
        guard let order = UsageOrder(rawValue: text) else {
            let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(
                field: parameters.spelled("sort"),
                problem: "cannot sort by \(quoted(text)); known: \(known)")
        }
        self = order
    }
}

/// Which of the rows are shown: the first `limit`, or those behind a cursor.
struct UsagePage {
    private let start: Int
    private let limit: Int?
    private let question: String
    /// The last row of the ledger that counts: that of the first page, so that no page misses or repeats
    /// what another shows, whatever comes meanwhile. `nil` where there are no pages.
    let through: Int64?

    /// A cursor belongs to its question: behind another's it would skip rows unseen.
    init(_ parameters: Parameters, lastRow: () throws -> Int64) throws {
        let asked = LedgerContext.usageNames.filter { !["cursor", "limit"].contains($0) }
        let question = asked.map { "\($0)=\(parameters.texts($0))" }.joined(separator: "\n")
        limit = try parameters.count("limit", limit: 1_000_000).map(Int.init)
        guard limit != 0 else {
            throw QuestionError.invalid(
                field: parameters.spelled("limit"), problem: "a page has a row at least")
        }
        // FNV-1a, <http://www.isthe.com/chongo/tech/comp/fnv/> (checked 2026-11-23).
        let hash = question.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        self.question = String(hash, radix: 36)
        guard let cursor = try parameters.text("cursor") else {
            start = 0
            through = limit == nil ? nil : try lastRow()
            return
        }
        let parts = cursor.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let start = Int(parts[0]), (1...1_000_000_000).contains(start),
            let through = Int64(parts[1]), through >= 0
        else {
            throw QuestionError.invalid(
                field: parameters.spelled("cursor"), problem: "is not a next_cursor of an answer")
        }
        guard parts[2] == self.question else {
            throw QuestionError.invalid(
                field: parameters.spelled("cursor"), problem: "is of another question than this")
        }
        self.start = start
        self.through = through
    }

    func cut<Row>(_ rows: [Row]) -> [Row] {
        let rest = rows.dropFirst(start)
        return Array(limit.map { rest.prefix($0) } ?? rest)
    }

    /// How many rows come behind those that are shown.
    func rest(of count: Int) -> Int { limit.map { max(0, count - start - $0) } ?? 0 }

    /// Where the next page begins.
    var next: String? {
        guard let limit, let through else { return nil }
        return "\(start + limit).\(through).\(question)"
    }
}
