import Pricing

/// Zones whose rules are written down here, so that no test depends on the machine's data.
struct FakeZones: TimeZoneRules {
    /// Central European time in 2026, whose summer begins on 29 March and ends on 25 October, each
    /// at 01:00 UTC.
    private static let summer =
        Timestamp.at("2026-03-29T01:00:00Z")..<Timestamp.at("2026-10-25T01:00:00Z")
    /// São Paulo 2018: midnight of 4 November did not exist, the clock went from 24:00 to 01:00 at
    /// 03:00 UTC.
    private static let saoPauloSummer = Timestamp.at("2018-11-04T03:00:00Z")
    /// Havana 2025: 01:00 became 00:00 again at 05:00 UTC of 2 November, so that midnight came
    /// twice.
    private static let havanaWinter = Timestamp.at("2025-11-02T05:00:00Z")
    /// Apia 2011: 30 December did not exist.
    private static let apiaJump = Timestamp.at("2011-12-30T10:00:00Z")

    func offsetSeconds(of zone: String, at time: Timestamp) throws(PricingError) -> Int {
        switch zone {
        case "UTC": 0
        case "Asia/Shanghai": 8 * 3600
        case "Asia/Kolkata": 5 * 3600 + 1800
        case "America/Lima": -5 * 3600
        case "Europe/Berlin": Self.summer.contains(time) ? 7200 : 3600
        case "America/Sao_Paulo": time < Self.saoPauloSummer ? -10_800 : -7200
        case "America/Havana": time < Self.havanaWinter ? -14_400 : -18_000
        case "Pacific/Apia": time < Self.apiaJump ? -36_000 : 50_400
        default: throw .unknownTimeZone(zone)
        }
    }
}

extension Timestamp {
    /// A moment in RFC 3339; a misspelt one stops the test run.
    static func at(_ text: String) -> Timestamp {
        guard let time = Timestamp.parse(text.utf8) else {
            preconditionFailure("\(text) is no time")
        }
        return time
    }

    static func day(_ text: String) -> Timestamp { at(text + "T00:00:00Z") }

    func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds + milliseconds)
    }
}
