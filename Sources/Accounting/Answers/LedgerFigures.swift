import JSONBytes
import Pricing

extension LedgerBill {
    /// All input tokens, those that a cache served or took included.
    package var input: Int128 { tokens { $0.side == .input } }
    /// Input tokens that a cache served.
    package var cached: Int128 { tokens { $0.isInheritable && $0.side == .input } }
    package var output: Int128 { tokens { $0.side == .output } }

    private func tokens(_ isMeant: (Meter) -> Bool) -> Int128 {
        usage.counts.pairs.reduce(0) { isMeant($1.meter) ? $0 + $1.count : $0 }
    }

    var knownJSON: JSONObject {
        var object = JSONObject()
        for known in Known.allCases {
            if let count = self.known[known], count != 0 {
                object.append(known.rawValue, .integer(count))
            }
        }
        return object
    }
}

extension MeterCounts {
    var json: JSONValue {
        var object = JSONObject()
        for (meter, count) in pairs { object.append(meter.name, .whole(count)) }
        return .object(object)
    }
}

extension JSONValue {
    /// A whole number of any size.
    static func whole(_ number: Int128) -> JSONValue {
        Int64(exactly: number).map(JSONValue.integer) ?? .decimal("\(number)")
    }
}

extension LedgerRange {
    func json(zone: String) -> JSONValue {
        .object([
            "since": .string(start.text), "until": .string(end.text), "timezone": .string(zone),
        ])
    }

    /// `2026-11-01 … 2026-12-01 Asia/Shanghai`, as clocks there show it.
    func text(zone: String, _ zones: any TimeZoneRules) throws(PricingError) -> String {
        func local(_ time: Timestamp) throws(PricingError) -> String {
            let (date, clock) = try zones.wallClock(of: zone, at: time)
            return clock.secondOfDay == 0 ? date.text : "\(date.text) \(clock.text.prefix(5))"
        }
        return "\(try local(start)) … \(try local(end)) \(zone)"
    }
}
