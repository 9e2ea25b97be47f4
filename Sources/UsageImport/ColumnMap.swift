import Accounting
import Pricing

/// Which column of a table, or which text for all of its rows, is which field of an event.
///
/// Written as `model=Model,input=Prompt Tokens,channel:=openai`: `FIELD=COLUMN` takes a column,
/// `FIELD:=TEXT` says the same of every row. A name with a comma is quoted as in a table:
/// `"input=Tokens, in",model=Model`.
struct ColumnMap: Sendable {
    enum Source: Hashable, Sendable {
        case column(String)
        case text(String)
    }

    var sources: [(field: String, source: Source)]

    /// Throws `QuestionError` for what is no map, an unknown field, one that is given twice, and a
    /// map that leaves out what an event needs.
    init(_ texts: [String]) throws(QuestionError) {
        sources = []
        for text in texts {
            for item in try Self.items(text) {
                let (field, source) = try Self.parsed(item)
                try EventFieldName.require(field)
                guard !sources.contains(where: { $0.field == field }) else {
                    throw Self.refusal("\(quoted(field)) is given twice")
                }
                sources.append((field, source))
            }
        }
        let fields = Set(sources.map(\.field))
        if let problem = EventFieldName.problem(with: fields) { throw Self.refusal(problem) }
    }

    private static func items(_ text: String) throws(QuestionError) -> [String] {
        do {
            return try Array(text.utf8).withUnsafeBufferPointer { try CSVRecord.fields($0) }
        } catch {
            throw refusal("\(error)")
        }
    }

    private static func parsed(_ item: String) throws(QuestionError) -> (String, Source) {
        guard let equals = item.firstIndex(of: "="), equals > item.startIndex else {
            throw refusal("\(quoted(item)) is neither FIELD=COLUMN nor FIELD:=TEXT")
        }
        let right = String(item[item.index(after: equals)...])
        let left = item[..<equals]
        guard !right.isEmpty else { throw refusal("\(quoted(item)) names no column and no text") }
        return left.last == ":"
            ? (String(left.dropLast()), .text(right)) : (String(left), .column(right))
    }

    static func refusal(_ problem: String) -> QuestionError {
        .invalid(field: "--map", problem: problem)
    }
}

/// The names that a column of a table can be given.
enum EventFieldName {
    /// Another word for `start`.
    static let time = "time"
    /// All input tokens, cached and written ones included.
    static let promptTokens = "prompt_tokens"
    /// All output tokens, reasoning included.
    static let completionTokens = "completion_tokens"
    /// `tag.team` is the tag `team`, `when.speed` the attribute `speed`.
    static let families = ["tag.", "when."]

    static let known: [String] =
        EventTable.columns + [time, promptTokens, completionTokens]
        + Meter.allCases.filter { !EventTable.meters.contains($0) }.map(\.name)

    static func isKnown(_ name: String) -> Bool {
        known.contains(name) || families.contains { name.hasPrefix($0) && name.count > $0.count }
    }

    static func nearest(_ name: String) -> String {
        NearestNames.find(name, among: known).joined(separator: ", ")
    }

    static func require(_ name: String) throws(QuestionError) {
        guard isKnown(name) else {
            throw ColumnMap.refusal("no field \(quoted(name)); nearest: \(nearest(name))")
        }
    }

    /// Why some fields together make no event; `nil` where they do.
    static func problem(with fields: Set<String>) -> String? {
        if fields.contains("start") == fields.contains(time) {
            return fields.contains(time) ? "start and time are the same" : "nothing is start"
        }
        if !fields.contains("model") { return "nothing is model" }
        for (total, part) in [(promptTokens, "input"), (completionTokens, "output")]
        where fields.contains(total) && fields.contains(part) {
            return "\(total) is the whole of which \(part) is a part; leave one out"
        }
        if fields.contains("vendor_cost") != fields.contains(EventTable.costCurrency) {
            return "vendor_cost wants \(EventTable.costCurrency) beside it"
        }
        let counts = [promptTokens, completionTokens, EventTable.otherMeters]
        guard fields.contains(where: { counts.contains($0) || Meter(name: $0) != nil }) else {
            return "nothing is a count, such as input or output"
        }
        return nil
    }
}
