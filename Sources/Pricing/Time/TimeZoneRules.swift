/// What the standard library does not know: how far an IANA zone is from UTC at some moment. Passed
/// in by the caller.
package protocol TimeZoneRules: Sendable {
    /// Seconds east of UTC; throws `PricingError.unknownTimeZone` for a name that the machine's
    /// data does not have.
    func offsetSeconds(of zone: String, at time: Timestamp) throws(PricingError) -> Int
}

/// UTC and nothing else: for callers and tests that have no zone data.
package struct UTCOnly: TimeZoneRules {
    package init() {}

    package func offsetSeconds(of zone: String, at time: Timestamp) throws(PricingError) -> Int {
        guard zone == "UTC" else { throw .unknownTimeZone(zone) }
        return 0
    }
}

extension TimeZoneRules {
    /// The wall clock of `zone` at `time`.
    package func wallClock(
        of zone: String, at time: Timestamp
    ) throws(PricingError) -> (date: CivilDate, clock: TimeOfDay) {
        let local = time.seconds + Int64(try offsetSeconds(of: zone, at: time))
        let days = floorDivide(local, 86_400)
        return (
            CivilDate(daysSinceEpoch: Int(days)), TimeOfDay(secondOfDay: Int(local - days * 86_400))
        )
    }

    /// The moment at which `date` begins in `zone`; where midnight does not exist, the first moment
    /// after the gap.
    package func startOfDay(_ date: CivilDate, in zone: String) throws(PricingError) -> Timestamp {
        let utcMidnight = Timestamp(date).seconds
        // The offset that holds at local midnight is one of those around it: try the later
        // candidate last.
        let before = try offsetSeconds(
            of: zone, at: Timestamp(milliseconds: (utcMidnight - 86_400) * 1000))
        let after = try offsetSeconds(
            of: zone, at: Timestamp(milliseconds: (utcMidnight + 86_400) * 1000))
        for offset in [max(before, after), min(before, after)] {
            let candidate = Timestamp(milliseconds: (utcMidnight - Int64(offset)) * 1000)
            if try offsetSeconds(of: zone, at: candidate) == offset { return candidate }
        }
        // Midnight falls into a gap: the old offset puts it at the moment of the change.
        return Timestamp(milliseconds: (utcMidnight - Int64(before)) * 1000)
    }
}
