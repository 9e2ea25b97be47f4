import Pricing

/// Times as other programs write them down.
enum SourceTime {
    /// RFC 3339; the same without an offset, or a date alone, on the clock of `zone`; seconds or
    /// milliseconds since 1970. `nil` for anything else.
    ///
    /// A clock that an hour's change repeats is read as the first of the two.
    static func parse(
        _ text: String, zone: String, zones: any TimeZoneRules
    ) throws(PricingError) -> Timestamp? {
        if let time = Timestamp.parse(text.utf8) { return time }
        if let time = epoch(text) { return time }
        if let date = CivilDate.parse(text.utf8) { return try zones.startOfDay(date, in: zone) }
        // As if it were UTC, which is then put right.
        guard let clock = Timestamp.parse((text + "Z").utf8) else { return nil }
        return try zones.moment(of: clock, in: zone)
    }

    /// `nil` for anything else than the times of 1973 to 5138, in whole units or with a fraction of
    /// a second.
    private static func epoch(_ text: String) -> Timestamp? {
        guard let attos = DecimalText.parse(text), attos > 0 else { return nil }
        let whole = text.utf8.prefix { $0 != UInt8(ascii: ".") }.count
        let milliseconds: Int128
        switch whole {
        case 9...11: milliseconds = attos / (DecimalText.one / 1000)
        case 12...14 where whole == text.utf8.count: milliseconds = attos / DecimalText.one
        default: return nil
        }
        return Int64(exactly: milliseconds).map(Timestamp.init(milliseconds:))
    }
}

extension TimeZoneRules {
    /// When the clock of a zone shows what `clock` shows in UTC; the first time where it does so
    /// twice, and the moment of the change where it never does.
    func moment(of clock: Timestamp, in zone: String) throws(PricingError) -> Timestamp {
        let day: Int64 = 86_400
        let before = Int64(try offsetSeconds(of: zone, at: clock.advanced(bySeconds: -day)))
        let after = Int64(try offsetSeconds(of: zone, at: clock.advanced(bySeconds: day)))
        for offset in [max(before, after), min(before, after)] {
            let candidate = clock.advanced(bySeconds: -offset)
            if Int64(try offsetSeconds(of: zone, at: candidate)) == offset { return candidate }
        }
        return clock.advanced(bySeconds: -before)
    }
}
