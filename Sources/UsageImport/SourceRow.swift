import Accounting
import JSONBytes
import Pricing

/// One row of a source by the names of its fields: an object of JSON, or a record of a table under
/// its header. Texts, numbers and nested objects are read alike whichever it was: some exports
/// write numbers and objects as texts.
package struct SourceRow {
    let members: [String: JSONValue]
    private let prefix: String

    init(_ object: JSONObject, prefix: String = "") {
        members = Dictionary(object.members.map { ($0.key, $0.value) }) { first, _ in first }
        self.prefix = prefix
    }

    /// Empty cells are absent.
    init(header: [String], cells: [String]) {
        let pairs = zip(header, cells).filter { !$1.isEmpty }
            .map { ($0, JSONValue.string(CSVRecord.withoutGuard($1))) }
        members = Dictionary(pairs) { first, _ in first }
        prefix = ""
    }

    /// A field as a message calls it: `data[0].results[1].model`.
    func spelled(_ name: String) -> String { prefix + name }

    func has(_ name: String) -> Bool { members[name].map { $0 != .null } ?? false }

    /// A text that is not empty; a number as it is written.
    func text(_ name: String) throws(EventProblem) -> String? {
        let text: String
        switch members[name] {
        case nil, .null: return nil
        case .string(let string): text = string
        case .integer, .decimal: text = members[name]?.numberText ?? ""
        case .bool(let flag): text = flag ? "true" : "false"
        default: throw EventProblem("\(spelled(name)): not a text")
        }
        guard text.utf8.count <= UsageEvent.maximumTextBytes else {
            throw EventProblem("\(spelled(name)): longer than \(UsageEvent.maximumTextBytes) bytes")
        }
        return text.isEmpty ? nil : text
    }

    func required(_ name: String) throws(EventProblem) -> String {
        guard let text = try text(name) else { throw EventProblem("missing \(spelled(name))") }
        return text
    }

    /// The first of some names that says something.
    func first(_ names: String...) throws(EventProblem) -> String? {
        for name in names { if let text = try text(name) { return text } }
        return nil
    }

    /// A whole number from 0 to 10¹²; `nil` where none is told. `12.0`, as some programs write
    /// counts, is 12.
    func count(_ name: String) throws(EventProblem) -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let attos = ComputedDecimal.parse(text), attos >= 0, attos % DecimalText.one == 0,
            let count = Int64(exactly: attos / DecimalText.one), count <= Usage.maximumCount
        else {
            throw EventProblem(
                "\(spelled(name)): \(quoted(text)) is not a whole number from 0 to 10¹²")
        }
        return count
    }

    /// Whole milliseconds, rounded down.
    func milliseconds(_ name: String) throws(EventProblem) -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let attos = ComputedDecimal.parse(text), attos >= 0,
            let count = Int64(exactly: attos / DecimalText.one), count <= Usage.maximumCount
        else { throw EventProblem("\(spelled(name)): \(quoted(text)) is no span of time") }
        return count
    }

    func money(_ name: String, _ currency: Currency) throws(EventProblem) -> Money? {
        guard let text = try text(name) else { return nil }
        return try SourceAmount.money(text, currency, field: spelled(name))
    }

    /// UTC where the source names no zone.
    func time(_ name: String) throws(EventProblem) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        do {
            if let time = try SourceTime.parse(text, zone: "UTC", zones: UTCOnly()) { return time }
        } catch {
            throw EventProblem("\(spelled(name)): \(error)")
        }
        throw EventProblem("\(spelled(name)): \(quoted(text)) is no time that is known here")
    }

    func flag(_ name: String) throws(EventProblem) -> Bool {
        switch try text(name)?.lowercased() {
        case "true", "t", "1": true
        default: false
        }
    }

    /// A nested object, or one that was written as a text; `nil` for anything else.
    func object(_ name: String) -> SourceRow? {
        var value = members[name]
        if case .string(let text)? = value, text.utf8.first == UInt8(ascii: "{") {
            value = try? JSONReader.value(of: Array(text.utf8), numbers: .decimal)
        }
        guard case .object(let object)? = value else { return nil }
        return SourceRow(object, prefix: "\(prefix)\(name).")
    }

    func objects(_ name: String) -> [SourceRow] {
        (members[name]?.elements ?? []).enumerated().compactMap { index, element in
            guard case .object(let object) = element else { return nil }
            return SourceRow(object, prefix: "\(prefix)\(name)[\(index)].")
        }
    }
}
