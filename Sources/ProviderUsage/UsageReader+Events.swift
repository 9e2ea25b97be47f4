import JSONBytes

/// One payload of a body, as `inspect` shows it.
package struct InspectedEvent: Sendable {
    /// What the stream calls it, or its own `type`; empty where neither does.
    package let type: String
    package let bytes: Int
    /// What is known behind it.
    package let reading: UsageReading

    init(_ payload: BodyFraming.Payload, _ tally: StreamTally) {
        var type = String(decoding: payload.type, as: UTF8.self)
        if type.isEmpty {
            let value = JSONReader.lenientValue(of: payload.bytes)
            type =
                (value?["type"] ?? value?["event_type"] ?? value?["object"])?.textValue
                ?? (value == nil ? String(decoding: payload.bytes.prefix(20), as: UTF8.self) : "")
        }
        self.type = type
        bytes = payload.bytes.count
        reading = tally.reading(isCut: true, oversized: 0)
    }
}
