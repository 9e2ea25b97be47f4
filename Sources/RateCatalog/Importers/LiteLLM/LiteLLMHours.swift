import JSONBytes
import Pricing

/// `off_peak_pricing.windows`: hours in UTC, `"10:00-00:00"` or several, on weekdays 1 (Monday) to 7.
enum LiteLLMHours {
    private static let day = 86_400

    /// `nil` where something is not of that shape. Where the weekdays are those of another zone, the
    /// windows are in that zone, cut at its midnight.
    static func windows(
        _ windows: [JSONValue], weekdaysIn zone: String?
    ) -> [TimeWindow]? {
        let offset: Int
        switch zone {
        case nil, "UTC": offset = 0
        case "Asia/Shanghai": offset = 8 * 3_600
        default: return nil
        }
        var result: [TimeWindow] = []
        for window in windows {
            let texts =
                window["hours_utc"]?.elements?.compactMap(\.textValue)
                ?? window["hours_utc"]?.textValue.map { [$0] } ?? []
            let numbers = window["weekdays"]?.elements ?? (1...7).map { .integer($0) }
            var weekdays: Set<Weekday> = []
            for number in numbers {
                guard case .integer(let number) = number, (1...7).contains(number) else {
                    return nil
                }
                weekdays.insert(Weekday.allCases[Int(number) - 1])
            }
            var hours: [TimeWindow.Hours] = []
            for text in texts {
                guard let spans = spans(text, offset: offset) else { return nil }
                hours += spans
            }
            guard !hours.isEmpty, !weekdays.isEmpty else { return nil }
            result.append(TimeWindow(zone: zone ?? "UTC", weekdays: weekdays, hours: hours))
        }
        return result.isEmpty ? nil : result
    }

    /// One span of a day as spans of the day at `offset` seconds, none of which crosses midnight.
    private static func spans(_ text: String, offset: Int) -> [TimeWindow.Hours]? {
        let ends = text.split(separator: "-").map { TimeOfDay.parse($0.utf8)?.secondOfDay }
        guard ends.count == 2, let first = ends[0], let last = ends[1] else { return nil }
        let start = first + offset
        let end = (last <= first ? last + day : last) + offset
        var cuts = [start] + [day, 2 * day].filter { $0 > start && $0 < end } + [end]
        if end == start { cuts = [start, end + day] }
        return zip(cuts, cuts.dropFirst()).map { from, to in
            let shift = from / day * day
            return TimeWindow.Hours(
                start: TimeOfDay(secondOfDay: from - shift), end: TimeOfDay(secondOfDay: to - shift)
            )
        }
    }
}
