import JSONBytes
import Pricing

extension LedgerEntry {
    /// As `ledger export` writes it and `ledger import --from tokenmeter` reads it.
    package var json: JSONValue {
        .object([
            "schema": "tokenmeter.event/1", "id": .string(event.id.text),
            "vendor_id": event.vendorID.map(JSONValue.string),
            "start": .string(event.start.text),
            "duration_ms": event.durationMilliseconds.map(JSONValue.integer),
            "first_token_ms": event.firstTokenMilliseconds.map(JSONValue.integer),
            "channel": .string(event.channel), "model": .string(event.modelAsked),
            "answered_model": event.modelAnswered.map(JSONValue.string),
            "service_tier": .string(event.serviceTier),
            "service_tier_asked": event.serviceTierAsked.map(JSONValue.string),
            "when": Self.json(event.attributes), "usage": event.usage.json,
            "known": .string(event.known.rawValue), "method": event.method.map(JSONValue.string),
            "source": .string(event.source), "project": event.project.map(JSONValue.string),
            "user": event.user.map(JSONValue.string), "tags": Self.json(event.tags),
            "vendor_cost": event.vendorCost?.json,
            "rate_line": line.map { .string($0.id) },
            "priced_as": line.map { .string("\($0.model) on \($0.channel)") },
        ])
    }

    /// Names and their values, in order; `nil` where there are none.
    static func json(_ pairs: [String: String]) -> JSONValue? {
        guard !pairs.isEmpty else { return nil }
        var object = JSONObject()
        for (name, value) in pairs.sorted(by: { $0.key < $1.key }) {
            object.append(name, .string(value))
        }
        return .object(object)
    }
}
