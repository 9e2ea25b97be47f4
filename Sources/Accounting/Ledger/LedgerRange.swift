import Pricing

/// From when to when a question of the ledger looks, half-open.
package struct LedgerRange: Hashable, Sendable {
    package let start: Timestamp
    package let end: Timestamp

    init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    package static let names = ["since", "until", "month", "last"]

    /// `since` and `until`, or a `month`, or the `last` hours, days or weeks; this month where
    /// nothing is said.
    package init(
        _ parameters: Parameters, now: Timestamp, zone: String, zones: any TimeZoneRules
    ) throws {
        let given = Self.names.filter { parameters.has($0) }
        let whole = given.filter { $0 == "month" || $0 == "last" }
        if let first = whole.first, let other = given.first(where: { $0 != first }) {
            throw QuestionError.invalid(
                field: parameters.spelled(first),
                problem: "cannot stand beside \(parameters.spelled(other))")
        }
        let today = try zones.wallClock(of: zone, at: now).date
        if let text = try parameters.text("month") {
            let first = try Self.month(text, parameters)
            start = try zones.startOfDay(first, in: zone)
            end = try zones.startOfDay(first.firstOfNextMonth, in: zone)
        } else if let text = try parameters.text("last") {
            start = try Self.last(text, parameters, now: now, today: today, zone, zones)
            end = now
        } else {
            let since = try parameters.time("since", zone: zone, zones: zones)
            let until = try parameters.time("until", zone: zone, zones: zones)
            start = try since ?? zones.startOfDay(today.firstOfMonth, in: zone)
            end = try until ?? zones.startOfDay(today.firstOfNextMonth, in: zone)
        }
        guard start < end else {
            throw QuestionError.invalid(
                field: parameters.spelled(given.first ?? "until"),
                problem: "the range is empty: it ends at \(end.text) and starts at \(start.text)")
        }
    }

    private static func month(
        _ text: String, _ parameters: Parameters
    ) throws(QuestionError) -> CivilDate {
        guard text.utf8.count == 7, let first = CivilDate.parse("\(text)-01".utf8) else {
            throw .invalid(
                field: parameters.spelled("month"),
                problem: "\(quoted(text)) is not a month such as 2026-10")
        }
        return first
    }

    /// `24h` are the hours up to now; `7d` today and the six days before it; `4w` 28 days.
    private static func last(
        _ text: String, _ parameters: Parameters, now: Timestamp, today: CivilDate,
        _ zone: String, _ zones: any TimeZoneRules
    ) throws -> Timestamp {
        guard let count = Int64(text.dropLast()), (1...10_000).contains(count), let unit = text.last
        else { throw malformed(text, parameters) }
        switch unit {
        case "h": return now.advanced(bySeconds: -3600 * count)
        case "d":
            return try zones.startOfDay(today.advanced(byDays: 1 - Int(count)), in: zone)
        case "w":
            return try zones.startOfDay(today.advanced(byDays: 1 - 7 * Int(count)), in: zone)
        default: throw malformed(text, parameters)
        }
    }

    private static func malformed(_ text: String, _ parameters: Parameters) -> QuestionError {
        .invalid(
            field: parameters.spelled("last"),
            problem: "\(quoted(text)) is not a span such as 24h, 7d or 4w")
    }
}
