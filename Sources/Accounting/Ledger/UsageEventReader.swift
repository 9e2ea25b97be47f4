import JSONBytes
import Pricing

/// Why a row is not an event: one clear sentence, with the field.
package struct EventProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    /// The field at fault, where one is known.
    package let field: String?

    package init(_ description: String) {
        self.description = description
        field = nil
    }

    package init(field: String, _ problem: String) {
        description = "\(field): \(problem)"
        self.field = field
    }

    package init(missing field: String) {
        description = "missing \(field)"
        self.field = field
    }

    package init(unknown name: String, nearest: String) {
        description = "unknown field \(quoted(name)); nearest: \(nearest)"
        field = name.isEmpty ? quoted(name) : name
    }
}

/// An event as some record tells of it, with the rate line that it was priced under there.
package struct RecordedEvent: Hashable, Sendable {
    package let event: UsageEvent
    /// The line's id; `nil` where the record names none.
    package let line: String?

    package init(_ event: UsageEvent, under line: String? = nil) {
        self.event = event
        self.line = line
    }

    /// Reads what `LedgerEntry.json` writes.
    ///
    /// Throws `EventProblem`.
    package init(_ json: JSONValue, source: String? = nil) throws(EventProblem) {
        let event = try UsageEvent(json, source: source)
        guard case .object(let object) = json else { throw EventProblem("not a JSON object") }
        self.init(event, under: try EventFields(object).text("rate_line"))
    }
}

extension UsageEvent {
    /// Reads what `LedgerEntry.json` writes but the rate line, which is not the event's own.
    ///
    /// Throws `EventProblem` for anything that is missing, unknown, or not what it should be.
    package init(_ json: JSONValue, source defaultSource: String? = nil) throws(EventProblem) {
        guard case .object(let object) = json else { throw EventProblem("not a JSON object") }
        let fields = EventFields(object)
        try fields.refuseUnknown()
        let source = try fields.text("source") ?? defaultSource ?? "api"
        let idText = try fields.required("id")
        let usage = try fields.usage("usage")
        guard let start = Timestamp.parse(try fields.required("start").utf8) else {
            throw EventProblem(
                field: "start", "not an RFC 3339 time such as 2026-10-01T16:30:00Z")
        }
        self.init(
            id: EventID(idText) ?? EventID(importedFrom: source, id: idText.utf8),
            vendorID: try fields.text("vendor_id"), start: start,
            durationMilliseconds: try fields.count("duration_ms"),
            firstTokenMilliseconds: try fields.count("first_token_ms"),
            channel: try fields.text("channel") ?? Channel.direct,
            modelAsked: try fields.required("model"),
            modelAnswered: try fields.text("answered_model"),
            serviceTier: try fields.text("service_tier") ?? RateConditions.standardTier,
            serviceTierAsked: try fields.text("service_tier_asked"),
            attributes: try fields.pairs("when"), usage: usage,
            // Who tells of no usage, and not how it is known, does not know it.
            known: try fields.known("known") ?? (usage.meters.isEmpty ? .unknown : .reported),
            method: try fields.text("method"), source: source,
            project: try fields.text("project"), user: try fields.text("user"),
            tags: try fields.pairs("tags"), vendorCost: try fields.money("vendor_cost"))
    }
}

/// The members of an event's object, each read as what it should be.
private struct EventFields {
    private let object: JSONObject

    private static let names = [
        "id", "vendor_id", "start", "duration_ms", "first_token_ms", "channel", "model",
        "answered_model", "service_tier", "service_tier_asked", "when", "usage", "known", "method",
        "source", "project", "user", "tags", "vendor_cost", "rate_line", "priced_as", "schema",
    ]

    init(_ object: JSONObject) { self.object = object }

    func refuseUnknown() throws(EventProblem) {
        for member in object.members where !Self.names.contains(member.key) {
            let nearest = NearestNames.find(member.key, among: Self.names, limit: 1).joined()
            throw EventProblem(unknown: member.key, nearest: nearest)
        }
    }

    func text(_ name: String) throws(EventProblem) -> String? {
        switch object[name] {
        case nil, .null: return nil
        case .string(let text):
            guard text.utf8.count <= UsageEvent.maximumTextBytes else {
                throw EventProblem(field: name, "longer than \(UsageEvent.maximumTextBytes) bytes")
            }
            return text
        default: throw EventProblem(field: name, "not a text")
        }
    }

    func required(_ name: String) throws(EventProblem) -> String {
        guard let text = try text(name), !text.isEmpty else {
            throw EventProblem(missing: name)
        }
        return text
    }

    func count(_ name: String) throws(EventProblem) -> Int64? {
        switch object[name] {
        case nil, .null: return nil
        case .integer(let count) where (0...Usage.maximumCount).contains(count): return count
        default: throw EventProblem(field: name, "not a whole number from 0 to 10¹²")
        }
    }

    func known(_ name: String) throws(EventProblem) -> Known? {
        guard let text = try text(name) else { return nil }
        guard let known = Known(rawValue: text) else {
            let words = Known.allCases.map(\.rawValue).joined(separator: ", ")
            throw EventProblem(field: name, "\(quoted(text)) is none of \(words)")
        }
        return known
    }

    func pairs(_ name: String) throws(EventProblem) -> [String: String] {
        switch object[name] {
        case nil, .null: return [:]
        case .object(let object):
            var pairs: [String: String] = [:]
            for member in object.members {
                guard case .string(let value) = member.value, !member.key.isEmpty,
                    member.key.utf8.count + value.utf8.count <= UsageEvent.maximumTextBytes
                else {
                    throw EventProblem(field: name, "\(quoted(member.key)) is not a short text")
                }
                pairs[member.key] = value
            }
            return pairs
        default: throw EventProblem(field: name, "not an object of texts")
        }
    }

    func usage(_ name: String) throws(EventProblem) -> Usage {
        guard case .object(let object)? = object[name] else {
            throw EventProblem(missing: name)
        }
        var usage = Usage()
        for member in object.members {
            guard let meter = Meter(name: member.key) else {
                let known = Meter.allCases.map(\.name)
                let nearest = NearestNames.find(member.key, among: known).joined(separator: ", ")
                throw EventProblem(
                    field: name, "no meter \(quoted(member.key)); nearest: \(nearest)")
            }
            guard case .integer(let count) = member.value, (0...Usage.maximumCount).contains(count)
            else {
                throw EventProblem(
                    field: "\(name).\(member.key)", "not a whole number from 0 to 10¹²")
            }
            do {
                try usage.add(count, of: meter)
            } catch {
                throw EventProblem(field: "\(name).\(member.key)", "\(error)")
            }
        }
        return usage
    }

    func money(_ name: String) throws(EventProblem) -> Money? {
        switch object[name] {
        case nil, .null: return nil
        case .object(let money):
            guard let amount = money["amount"]?.textValue, let code = money["currency"]?.textValue
            else { throw EventProblem(field: name, "without amount or currency") }
            do {
                return try Money(amount, Currency(code))
            } catch {
                throw EventProblem(field: name, "\(error)")
            }
        default: throw EventProblem(field: name, "not an amount with its currency")
        }
    }
}
