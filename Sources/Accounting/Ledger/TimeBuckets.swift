import Pricing

/// How time is cut up where a report is grouped by it.
package enum TimeUnit: String, CaseIterable, Sendable {
    case hour, day, week, month
}

/// A range cut at the hours, days, weeks or months of a zone: days of 23 and 25 hours included.
package struct TimeBuckets: Sendable {
    /// Of each bucket its start, and the end of the range.
    package let boundaries: [Timestamp]
    private let zone: String
    private let zones: any TimeZoneRules

    /// A year of hours, and a leap day.
    package static let maximumCount = 8_784

    /// `unit` is `nil` where the range is one bucket.
    ///
    /// Throws `PricingError.outOfRange` for more than `maximumCount` buckets.
    package init(
        from start: Timestamp, to end: Timestamp, by unit: TimeUnit?, in zone: String,
        zones: any TimeZoneRules
    ) throws(PricingError) {
        self.zone = zone
        self.zones = zones
        guard let unit else {
            boundaries = [start, end]
            return
        }
        var boundaries = [start]
        while let last = boundaries.last {
            let next = try Self.next(after: last, unit, zone, zones)
            guard next < end else { break }
            guard boundaries.count < Self.maximumCount else {
                throw .outOfRange(
                    "more than \(Count.grouped(Int64(Self.maximumCount))) rows by \(unit.rawValue)")
            }
            boundaries.append(next)
        }
        self.boundaries = boundaries + [end]
    }

    private static func next(
        after time: Timestamp, _ unit: TimeUnit, _ zone: String, _ zones: any TimeZoneRules
    ) throws(PricingError) -> Timestamp {
        let date = try zones.wallClock(of: zone, at: time).date
        switch unit {
        case .hour: return try nextHour(after: time, zone, zones)
        case .day: return try zones.startOfDay(date.advanced(byDays: 1), in: zone)
        case .week: return try zones.startOfDay(monday(of: date).advanced(byDays: 7), in: zone)
        case .month: return try zones.startOfDay(date.firstOfNextMonth, in: zone)
        }
    }

    /// An hour ends with the clock's hour, and where the clock is put forward or back.
    private static func nextHour(
        after time: Timestamp, _ zone: String, _ zones: any TimeZoneRules
    ) throws(PricingError) -> Timestamp {
        let hour: Int64 = 3_600_000
        func local(_ time: Timestamp) throws(PricingError) -> Int64 {
            time.milliseconds + Int64(try zones.offsetSeconds(of: zone, at: time)) * 1000
        }
        let now = try local(time)
        let next = Timestamp(
            milliseconds: time.milliseconds + hour - (now - floorDivide(now, hour) * hour))
        let offset = try zones.offsetSeconds(of: zone, at: time)
        // The first moment of another offset, between these two.
        var (same, other) = (time.milliseconds, next.milliseconds)
        guard try zones.offsetSeconds(of: zone, at: next) != offset else { return next }
        while other - same > 1 {
            let middle = same + (other - same) / 2
            let isSame =
                try zones.offsetSeconds(of: zone, at: Timestamp(milliseconds: middle)) == offset
            if isSame { same = middle } else { other = middle }
        }
        return Timestamp(milliseconds: other)
    }

    private static func monday(of date: CivilDate) -> CivilDate {
        date.advanced(byDays: -(Weekday.allCases.firstIndex(of: date.weekday) ?? 0))
    }

    // MARK: Labels

    /// What a moment is called by a unit: `2026-10-01`, `2026-10-01T05:00+08:00`, `2026-W40`,
    /// `2026-10`.
    package func label(_ time: Timestamp, by unit: TimeUnit) throws(PricingError) -> String {
        let (date, clock) = try zones.wallClock(of: zone, at: time)
        switch unit {
        case .hour:
            let offset = try zones.offsetSeconds(of: zone, at: time)
            return "\(date.text)T\(clock.text.prefix(2)):00\(Self.text(ofOffset: offset))"
        case .day: return date.text
        case .week: return Self.isoWeek(of: date)
        case .month: return String(date.text.prefix(7))
        }
    }

    private static func text(ofOffset seconds: Int) -> String {
        guard seconds != 0 else { return "Z" }
        let clock = TimeOfDay(secondOfDay: abs(seconds)).text.prefix(5)
        return (seconds < 0 ? "-" : "+") + clock
    }

    /// ISO 8601: the week belongs to the year that its Thursday is in.
    private static func isoWeek(of date: CivilDate) -> String {
        let thursday = monday(of: date).advanced(byDays: 3)
        let first = CivilDate(year: thursday.year, month: 1, day: 1) ?? thursday
        let week = (thursday.daysSinceEpoch - first.daysSinceEpoch) / 7 + 1
        return "\(thursday.year)-W\(week < 10 ? "0" : "")\(week)"
    }
}

extension CivilDate {
    package var firstOfMonth: CivilDate { advanced(byDays: 1 - day) }

    package var firstOfNextMonth: CivilDate {
        // From the first on, 32 days later is in the next month, whichever it is.
        firstOfMonth.advanced(byDays: 32).firstOfMonth
    }
}
