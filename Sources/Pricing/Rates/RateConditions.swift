/// When a rate line applies, besides its model, channel and dates.
package struct RateConditions: Hashable, Sendable {
    package static let standardTier = "standard"

    package var serviceTier: String
    /// Total input tokens must be above this: the whole request then takes the line's rates.
    package var aboveInput: Int64?
    /// Total output tokens must be above this.
    package var aboveOutput: Int64?
    package var window: TimeWindow?
    /// Request attributes that must all be there, such as `speed: fast`.
    package var when: [String: String]

    package init(
        serviceTier: String = RateConditions.standardTier, aboveInput: Int64? = nil,
        aboveOutput: Int64? = nil, window: TimeWindow? = nil, when: [String: String] = [:]
    ) {
        self.serviceTier = serviceTier
        self.aboveInput = aboveInput
        self.aboveOutput = aboveOutput
        self.window = window
        self.when = when
    }

    /// The tier of a name: OpenAI's answers call the standard one `default`, Groq's `on_demand`
    /// (<https://console.groq.com/docs/service-tiers>, checked 2026-11-29), and who asks Anthropic for no
    /// other `standard_only` (<https://platform.claude.com/docs/en/api/service-tiers>, same day).
    package static func tier(_ name: String) -> String {
        ["default", "on_demand", "standard_only"].contains(name) ? standardTier : name
    }

    /// Who asks for this leaves the choice to the vendor.
    package static let anyTier = "auto"

    /// Everything but the window: lines that share it are the two ends of a day.
    package var withoutWindow: RateConditions {
        var copy = self
        copy.window = nil
        return copy
    }

    /// Most `when` keys first, then the highest band, then a window over none.
    func isMoreSpecific(than other: RateConditions) -> Bool {
        if when.count != other.when.count { return when.count > other.when.count }
        if aboveInput != other.aboveInput { return (aboveInput ?? -1) > (other.aboveInput ?? -1) }
        if aboveOutput != other.aboveOutput {
            return (aboveOutput ?? -1) > (other.aboveOutput ?? -1)
        }
        return window != nil && other.window == nil
    }

    /// Percent escapes, so that no key or value can spell another condition.
    private static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case ...0x20, UInt8(ascii: "%"), UInt8(ascii: "="), 0x7F...:
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            default: result.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
    }

    /// Canonical text, a part of a line's identity: `tier=batch above=200000
    /// window=UTC/mon-fri/01:00:00-04:00:00`.
    package var text: String {
        var parts: [String] = []
        if serviceTier != Self.standardTier { parts.append("tier=\(Self.escaped(serviceTier))") }
        if let aboveInput { parts.append("above=\(aboveInput)") }
        if let aboveOutput { parts.append("above_output=\(aboveOutput)") }
        if let window { parts.append("window=\(window.text)") }
        for (key, value) in when.sorted(by: { $0.key < $1.key }) {
            parts.append("when.\(Self.escaped(key))=\(Self.escaped(value))")
        }
        return parts.joined(separator: " ")
    }
}

/// Hours of some weekdays in an IANA zone.
package struct TimeWindow: Hashable, Sendable {
    package struct Hours: Hashable, Sendable, Comparable {
        package let start: TimeOfDay
        /// Exclusive; at or before `start` means on the next day.
        package let end: TimeOfDay

        package init(start: TimeOfDay, end: TimeOfDay) {
            self.start = start
            self.end = end
        }

        package static func < (lhs: Hours, rhs: Hours) -> Bool { lhs.start < rhs.start }

        package var text: String { "\(start.text)-\(end.text)" }

        /// Without seconds where there are none, as rate files spell it: `00:30-16:30`.
        package var shortText: String {
            [start.text, end.text].map { $0.hasSuffix(":00") ? String($0.dropLast(3)) : $0 }
                .joined(separator: "-")
        }
        var crossesMidnight: Bool { end <= start }
    }

    package let zone: String
    /// The days on which the hours *begin*.
    package let weekdays: Set<Weekday>
    package let hours: [Hours]

    package init(zone: String, weekdays: Set<Weekday>, hours: [Hours]) {
        self.zone = zone
        self.weekdays = weekdays
        self.hours = hours.sorted()
    }

    /// Hours that cross midnight belong to the day on which they begin.
    package func contains(
        _ time: Timestamp, zones: some TimeZoneRules
    ) throws(PricingError) -> Bool {
        let (date, clock) = try zones.wallClock(of: zone, at: time)
        let weekday = date.weekday
        return hours.contains { contains($0, weekday: weekday, clock: clock) }
    }

    private func contains(_ hours: Hours, weekday: Weekday, clock: TimeOfDay) -> Bool {
        guard hours.crossesMidnight else {
            return weekdays.contains(weekday) && clock >= hours.start && clock < hours.end
        }
        if clock >= hours.start { return weekdays.contains(weekday) }
        return clock < hours.end && weekdays.contains(weekday.dayBefore)
    }

    /// Whether some weekly moment lies in both windows; windows of two zones are compared by their
    /// wall clocks.
    package func overlaps(_ other: TimeWindow) -> Bool {
        let mine = weekMinutes
        return other.weekMinutes.contains { theirs in
            mine.contains { $0.lowerBound < theirs.upperBound && theirs.lowerBound < $0.upperBound }
        }
    }

    /// The spans in seconds since Monday 00:00, split where they leave the week.
    private var weekMinutes: [Range<Int>] {
        let week = 7 * 86_400
        var spans: [Range<Int>] = []
        for (index, day) in Weekday.allCases.enumerated() where weekdays.contains(day) {
            for span in hours {
                let start = index * 86_400 + span.start.secondOfDay
                let length = span.end.secondOfDay - span.start.secondOfDay
                let end = start + (span.crossesMidnight ? length + 86_400 : length)
                spans.append(start..<min(end, week))
                if end > week { spans.append(0..<(end - week)) }
            }
        }
        return spans
    }

    package var text: String {
        let days = Weekday.allCases.filter(weekdays.contains).map(\.rawValue).joined(separator: ",")
        let spans = hours.map(\.text).joined(separator: ",")
        return "\(zone)/\(weekdays.count == 7 ? "every-day" : days)/\(spans)"
    }
}
