import Accounting
import JSONBytes
import Pricing

/// The cells of one row of a table, on their way to an event.
struct TableRow {
    var id: String?
    private let options: ImportOptions
    private var texts: [(String, String)] = []
    private var numbers: [(String, Int64)] = []
    private var usage = Usage()
    private var promptTokens: Int64?
    private var completionTokens: Int64?
    private var hasCounts = false
    private var pairs: [String: [String: String]] = [:]
    private var costText: String?
    private var costCurrency: String?
    /// All that was said of the row: what makes it the same row another time.
    private(set) var content = ""

    init(_ options: ImportOptions) { self.options = options }

    /// Takes the cell of one field; an empty one says nothing.
    mutating func take(_ cell: String, as field: String) throws {
        guard !cell.isEmpty else { return }
        if field != "id" { content += "\(field)=\(cell)\u{1F}" }
        if let meter = Meter(name: field) {
            return try add(try Self.count(cell, field), of: meter)
        }
        switch field {
        case "id": id = cell
        case "start", EventFieldName.time: texts.append(("start", try time(cell, field).text))
        case EventFieldName.promptTokens: promptTokens = try total(cell, field)
        case EventFieldName.completionTokens: completionTokens = try total(cell, field)
        case EventTable.otherMeters:
            for (name, count) in try Self.members(of: cell, field) {
                guard let meter = Meter(name: name) else {
                    throw EventProblem("\(field): no meter \(quoted(name))")
                }
                try add(try Self.count(count, "\(field).\(name)"), of: meter)
            }
        case "tags", "when":
            for (name, text) in try Self.members(of: cell, field) {
                pairs[field, default: [:]][name] = text
            }
        case "duration_ms", "first_token_ms": numbers.append((field, try Self.count(cell, field)))
        case "vendor_cost": costText = cell
        case EventTable.costCurrency: costCurrency = cell
        // Events are priced where they are kept.
        case "priced_as": break
        case _ where field.hasPrefix("tag."): pairs["tags", default: [:]][Self.tail(field)] = cell
        case _ where field.hasPrefix("when."): pairs["when", default: [:]][Self.tail(field)] = cell
        default: texts.append((field, cell))
        }
    }

    /// The event, read as `ledger export --format ndjson` would have written it.
    func event(source: String) throws -> RecordedEvent {
        guard hasCounts || texts.contains(where: { $0.0 == "known" }) else {
            throw EventProblem("it tells no count")
        }
        var object = JSONObject()
        if let id { object.append("id", .string(id)) }
        for (field, text) in texts { object.append(field, .string(text)) }
        for (field, number) in numbers { object.append(field, .integer(number)) }
        for (field, pairs) in pairs {
            var values = JSONObject()
            for (name, text) in pairs { values.append(name, .string(text)) }
            object.append(field, .object(values))
        }
        object.append("usage", try disjoint().json)
        if let costText {
            guard let costCurrency else { throw EventProblem("vendor_cost: without a currency") }
            let currency: Currency
            do {
                currency = try Currency(costCurrency)
            } catch {
                throw EventProblem("\(EventTable.costCurrency): \(error)")
            }
            object.append(
                "vendor_cost", try SourceAmount.money(costText, currency, field: "vendor_cost").json
            )
        }
        return try RecordedEvent(.object(object), source: source)
    }

    private mutating func add(_ count: Int64, of meter: Meter) throws {
        hasCounts = true
        try usage.add(count, of: meter)
    }

    private mutating func total(_ cell: String, _ field: String) throws -> Int64 {
        hasCounts = true
        return try Self.count(cell, field)
    }

    /// The parts of the inclusive totals are what is left of them.
    private func disjoint() throws -> Usage {
        var usage = usage
        let totals = [
            (promptTokens, EventFieldName.promptTokens, usage.totalInput, Meter.input),
            (completionTokens, EventFieldName.completionTokens, usage.totalOutput, Meter.output),
        ]
        for (total, field, parts, rest) in totals {
            guard let total else { continue }
            guard parts <= total else {
                throw EventProblem("\(field): its parts (\(parts)) are more than it (\(total))")
            }
            try usage.add(total - parts, of: rest)
        }
        return usage
    }

    private func time(_ cell: String, _ field: String) throws -> Timestamp {
        let time = try SourceTime.parse(cell, zone: options.zone, zones: options.zones)
        guard let time else {
            throw EventProblem(
                "\(field): \(quoted(cell)) is no time such as 2026-10-01T16:30:00Z or 2026-10-01 16:30:00"
            )
        }
        return time
    }

    private static func count(_ cell: String, _ field: String) throws -> Int64 {
        guard let attos = ComputedDecimal.parse(cell), attos >= 0, attos % DecimalText.one == 0,
            let count = Int64(exactly: attos / DecimalText.one), count <= Usage.maximumCount
        else {
            throw EventProblem("\(field): \(quoted(cell)) is not a whole number from 0 to 10¹²")
        }
        return count
    }

    /// An object of texts or numbers in one cell.
    private static func members(of cell: String, _ field: String) throws -> [(String, String)] {
        guard let value = try? JSONReader.value(of: Array(cell.utf8), numbers: .decimal),
            let members = value.members
        else { throw EventProblem("\(field): \(quoted(cell)) is no object of JSON") }
        return try members.map { member in
            guard let text = member.value.textValue ?? member.value.numberText else {
                throw EventProblem("\(field).\(member.key): not a text")
            }
            return (member.key, text)
        }
    }

    private static func tail(_ field: String) -> String {
        field.firstIndex(of: ".").map { String(field[field.index(after: $0)...]) } ?? field
    }
}
