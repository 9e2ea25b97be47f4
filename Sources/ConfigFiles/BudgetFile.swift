import Pricing

/// Reads budgets: limits of money per calendar period.
///
/// ```yaml
/// budgets:
///   - name: team
///     limit: 150USD
///     period: month
///     on: actual
///     hard: true
///     where: {model: "gpt-*"}
///     warn: 80%
///     zone: Asia/Shanghai
///     fx: {rate: USD/CNY=7.1, date: 2026-11-02, source: "the bank's page"}
/// ```
package struct BudgetFile {
    static let rootKeys = ["budgets"]
    static let keys = ["name", "limit", "period", "on", "hard", "where", "warn", "zone", "fx"]
    static let fxKeys = ["rate", "date", "source"]
    static let filterKeys = ["model", "channel", "name", "project"]

    private let collector = FaultCollector()

    /// Throws `Faults` with every fault, each with its file, line and field.
    package static func read(_ text: String, file: String) throws -> [Budget] {
        let reader = BudgetFile()
        let budgets = reader.budgets(text, file: file)
        reader.refuseTwice(budgets)
        try reader.collector.throwIfAny()
        return budgets
    }

    private func budgets(_ text: String, file: String) -> [Budget] {
        guard let root = ConfigReader.read(text, file: file, collector: collector),
            let list = root.mapping(Self.rootKeys)?.required("budgets")
        else { return [] }
        return list.items.compactMap(budget)
    }

    private func budget(_ item: ConfigNode) -> Budget? {
        guard let mapping = item.mapping(Self.keys), let name = mapping.required("name")?.string,
            let limitNode = mapping.required("limit"), let limitText = limitNode.string,
            let limit = limitNode.value({ () throws(PricingError) in try Money(parsing: limitText) }
            )
        else { return nil }
        if limit.attos < 0 { limitNode.fault("a limit below zero") }
        var filter: [String: String] = [:]
        for (key, value) in mapping["where"]?.mapping(Self.filterKeys)?.pairs ?? [] {
            filter[key] = value.string
        }
        let isHard = mapping["hard"]?.flag ?? false
        let basis = choice(mapping["on"], Budget.Basis.allCases)
        if isHard { refuseHard(mapping, basis, filter) }
        return Budget(
            name: name, limit: limit,
            period: choice(mapping["period"], Budget.Period.allCases) ?? .month,
            basis: basis ?? (isHard ? .actual : .plan), isHard: isHard,
            warnShare: mapping["warn"]?.share ?? .whole, filter: filter,
            zone: mapping["zone"]?.string, fx: mapping["fx"].flatMap(exchangeRate),
            place: Budget.Place(file: item.file, line: item.line))
    }

    /// A hard budget is held against what is really spent.
    private func refuseHard(
        _ mapping: ConfigMapping, _ basis: Budget.Basis?, _ filter: [String: String]
    ) {
        if let basis, basis != .actual {
            mapping["on"]?.fault("a hard budget is on: actual, for it holds requests back")
        }
        if filter["name"] != nil {
            mapping["where"]?.fault("a hard budget cannot ask for a name, for requests have none")
        }
    }

    /// A rate that can be looked up again: with its day and where it is from.
    private func exchangeRate(_ node: ConfigNode) -> FXRate? {
        guard let mapping = node.mapping(Self.fxKeys), let rateNode = mapping.required("rate"),
            let text = rateNode.string, let date = mapping.required("date")?.date,
            let source = mapping.required("source")?.string
        else { return nil }
        return rateNode.value { () throws(PricingError) in
            let rate = try FXRate(parsing: text)
            return try FXRate(
                base: rate.base, quote: rate.quote, attos: rate.attos, date: date, source: source)
        }
    }

    /// Budgets of two files are told apart by their names.
    private func refuseTwice(_ budgets: [Budget]) {
        var seen: Set<String> = []
        for budget in budgets where !seen.insert(budget.name).inserted {
            guard let place = budget.place else { continue }
            collector.add(
                Fault(
                    file: place.file, line: place.line, field: "budgets",
                    problem: "a second budget \(quoted(budget.name))"))
        }
    }

    private func choice<T: RawRepresentable>(_ node: ConfigNode?, _ all: [T]) -> T?
    where T.RawValue == String {
        guard let node, let text = node.string else { return nil }
        guard let value = T(rawValue: text) else {
            node.fault(
                "\(quoted(text)) is not one of \(all.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return value
    }
}
