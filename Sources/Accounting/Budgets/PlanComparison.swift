import JSONBytes
import Pricing

/// A plan beside the one that it changes: what each costs in its first month, by the same rates and
/// at the same time, so that a change of prices is in both or in neither.
struct PlanComparison {
    struct Change {
        enum Kind: String { case added, removed, changed, same }

        let name: String
        let kind: Kind
        /// `nil` where there is none, or where it has no price.
        let base: Money?
        let head: Money?
        /// Why there is no change in money.
        let problem: String?

        /// Both in one currency.
        var difference: Money? {
            switch (base, head) {
            case (let base?, let head?): try? head.subtracting(base)
            case (nil, let head?) where kind == .added: head
            case (let base?, nil) where kind == .removed:
                try? Money.zero(base.currency).subtracting(base)
            default: nil
            }
        }
    }

    /// All workloads that are paid in one currency.
    struct Total {
        let base: Money
        let head: Money
        /// Whether it rises by more than is allowed.
        let isAbove: Bool
        /// Why that cannot be told.
        let problem: String?

        var difference: Money? { try? head.subtracting(base) }

        /// In percent with one decimal; `nil` from a base of zero.
        var percent: String? { difference.flatMap { base.percent(of: $0) } }
    }

    let changes: [Change]
    let totals: [Total]
    let allowed: AllowedIncrease?

    init(
        from base: [PlannedWorkload], to head: [PlannedWorkload], allowed: AllowedIncrease?,
        _ book: RateBook, _ exchange: inout Exchange
    ) throws {
        self.allowed = allowed
        func month(_ planned: PlannedWorkload) throws -> Result<Money, PricingError> {
            do throws(PricingError) {
                let high = try Forecast(planned.workload, months: 1, book: book).total().high
                guard high.isComplete else {
                    let meters = high.unpriced.names.joined(separator: ", ")
                    return .failure(
                        .unpriced(
                            model: planned.workload.purchase.model,
                            channel: planned.workload.purchase.channel, line: meters,
                            meters: Array(high.unpriced)))
                }
                return .success(high.settled.money)
            } catch {
                guard error.isUnpriceable else { throw error }
                return .failure(error)
            }
        }
        var changes: [Change] = []
        var sums: [Currency: (base: Money, head: Money)] = [:]
        func add(_ money: Money?, isHead: Bool) throws {
            guard let money else { return }
            var sum =
                sums[money.currency] ?? (Money.zero(money.currency), Money.zero(money.currency))
            if isHead {
                sum.head = try sum.head.adding(money)
            } else {
                sum.base = try sum.base.adding(money)
            }
            sums[money.currency] = sum
        }
        var left = Dictionary(base.map { ($0.workload.name, $0) }, uniquingKeysWith: { $1 })
        for planned in head {
            let before = try left.removeValue(forKey: planned.workload.name).map(month)
            let after = try month(planned)
            let (old, new) = (try? before?.get(), try? after.get())
            try add(old, isHead: false)
            try add(new, isHead: true)
            var problem: String?
            if case .failure(let error) = after { problem = "\(error)" }
            if case .failure(let error)? = before { problem = "on the base: \(error)" }
            let kind: Change.Kind =
                before == nil ? .added : old == new && problem == nil ? .same : .changed
            changes.append(
                Change(
                    name: planned.workload.name, kind: kind, base: old, head: new,
                    problem: problem))
        }
        for planned in base {
            guard let gone = left.removeValue(forKey: planned.workload.name) else { continue }
            let before = try? month(gone).get()
            try add(before, isHead: false)
            changes.append(
                Change(
                    name: planned.workload.name, kind: .removed, base: before, head: nil,
                    problem: nil))
        }
        self.changes = changes
        totals = try sums.values.sorted { $0.base.currency < $1.base.currency }.map { sum in
            do {
                return Total(
                    base: sum.base, head: sum.head,
                    isAbove: try Self.isAbove(sum.base, sum.head, allowed, &exchange), problem: nil)
            } catch let error as PricingError where error.isUnpriceable {
                return Total(
                    base: sum.base, head: sum.head, isAbove: false, problem: "\(error)")
            }
        }
    }

    private static func isAbove(
        _ base: Money, _ head: Money, _ allowed: AllowedIncrease?, _ exchange: inout Exchange
    ) throws -> Bool {
        let rise = try head.subtracting(base)
        guard rise.attos > 0 else { return false }
        switch allowed {
        case nil: return true
        case .share(let share):
            return rise.attos > (try base.scaled(by: share, over: DecimalText.one)).attos
        case .amount(let most):
            return try exchange.converted(rise, to: most.currency).money.attos > most.attos
        }
    }

    /// Whether any total rises by more than is allowed.
    var isAbove: Bool { totals.contains(where: \.isAbove) }

    /// Whether nobody can say what some of the plan, or all of it, adds.
    var isUnjudged: Bool {
        changes.contains { $0.problem != nil } || totals.contains { $0.problem != nil }
    }

    // MARK: In words

    var notes: [String] {
        totals.map { total in
            let percent = total.percent.map { " (\(signed: $0)%)" } ?? ""
            let change = total.difference.map(Self.signed) ?? ""
            return
                "the plan: \(total.base.display) → \(total.head.display) a month, \(change)\(percent)"
        }
    }

    var warnings: [String] {
        let above = totals.filter(\.isAbove).compactMap { total in
            total.difference.map {
                "the plan costs \($0.display) a month more; allowed: \(allowed?.text ?? "none")"
            }
        }
        let unjudged = totals.compactMap { total in
            total.problem.map { "what the plan costs more cannot be judged: \($0)" }
        }
        return above + unjudged
    }

    static func signed(_ money: Money) -> String {
        money.attos < 0 ? "−" + money.magnitude.display : "+" + money.display
    }

    /// The workloads that differ, as a table of its own.
    var report: Report? {
        let changed = changes.filter { $0.kind != .same }
        guard !changed.isEmpty else { return nil }
        var report = Report(
            title: changed.count == 1 ? "1 workload changes" : "\(changed.count) workloads change",
            columns: [
                Report.Column("workload", nil, .left), Report.Column("state", nil, .left),
                Report.Column("base"), Report.Column("planned"), Report.Column("change"),
            ],
            rows: changed.map { change in
                [
                    Report.Cell(change.name), Report.Cell(change.kind.rawValue),
                    change.base.map(Report.Cell.init) ?? Report.Cell(""),
                    change.head.map(Report.Cell.init) ?? Report.Cell(""),
                    change.difference.map { Report.Cell(Self.signed($0), plain: $0.amountText) }
                        ?? Report.Cell(""),
                ]
            }, rates: "")
        report.warnings = changed.compactMap { change in
            change.problem.map { "\(change.name): \($0)" }
        }
        return report
    }

    var json: JSONValue {
        .object([
            "allowed_increase": allowed.map { .string($0.text) },
            "totals": .array(
                totals.map { total in
                    .object([
                        "base": total.base.json, "head": total.head.json,
                        "change": total.difference.map(\.json),
                        "change_percent": .optional(total.percent),
                        "is_above_allowed": .bool(total.isAbove),
                        "reason": total.problem.map(JSONValue.string),
                    ])
                }),
            "workloads": .array(
                changes.map { change in
                    .object([
                        "name": .string(change.name), "state": .string(change.kind.rawValue),
                        "base": change.base.map(\.json) ?? .null,
                        "head": change.head.map(\.json) ?? .null,
                        "change": change.difference.map(\.json) ?? .null,
                        "reason": change.problem.map(JSONValue.string),
                    ])
                }),
        ])
    }
}

extension DefaultStringInterpolation {
    fileprivate mutating func appendInterpolation(signed text: String) {
        appendInterpolation(text.hasPrefix("-") ? text : "+" + text)
    }
}

extension Money {
    var magnitude: Money { Money(currency: currency, attos: attos < 0 ? -attos : attos) }

    /// How many percent of this another amount is, with one decimal; `nil` of zero.
    func percent(of part: Money) -> String? {
        guard attos > 0,
            let tenths = try? ExactDivision.halfEven(part.attos, times: 1000, over: attos),
            let percent = try? ExactDivision.halfEven(tenths, times: DecimalText.one, over: 10)
        else { return nil }
        return DecimalText.text(percent, minorDigits: 1)
    }
}
