/// What was spent on whole days that follow each other, in one currency.
package struct DailySpending: Sendable {
    package let currency: Currency
    package let firstDay: CivilDate
    /// One a day; a day without spending is zero.
    package let amounts: [Money]

    package init(currency: Currency, from firstDay: CivilDate, amounts: [Money]) {
        self.currency = currency
        self.firstDay = firstDay
        self.amounts = amounts
    }

    /// What days usually cost, as the days before the one at `index` tell it; `nil` where there are
    /// none.
    package func pattern(before index: Int) throws(PricingError) -> WeekdayPattern? {
        let start = max(0, index - WeekdayPattern.reachDays)
        guard start < index else { return nil }
        var pattern = WeekdayPattern(currency, dayCount: index - start)
        for place in start..<index {
            try pattern.add(amounts[place], of: firstDay.advanced(byDays: place))
        }
        return pattern
    }

    /// The same by all of its days.
    package func pattern() throws(PricingError) -> WeekdayPattern? {
        try pattern(before: amounts.count)
    }
}

/// What a day usually costs: the mean of the days of its weekday, or of all days where there are
/// too few to tell weekdays apart.
package struct WeekdayPattern: Sendable {
    /// How far back it looks: four of each weekday.
    package static let reachDays = 28
    /// From here on each weekday was there twice.
    package static let weekdaysFromDays = 14

    package let dayCount: Int
    /// By day since the epoch, modulo 7; all in the first place where weekdays are not told apart.
    private var sums: [Money]
    private var counts: [Int128]

    package var isByWeekday: Bool { dayCount >= Self.weekdaysFromDays }

    fileprivate init(_ currency: Currency, dayCount: Int) {
        self.dayCount = dayCount
        sums = Array(repeating: .zero(currency), count: 7)
        counts = Array(repeating: 0, count: 7)
    }

    fileprivate mutating func add(_ amount: Money, of day: CivilDate) throws(PricingError) {
        let place = place(of: day)
        sums[place] = try sums[place].adding(amount)
        counts[place] += 1
    }

    private func place(of day: CivilDate) -> Int {
        isByWeekday ? (day.daysSinceEpoch % 7 + 7) % 7 : 0
    }

    /// What `part` of a day's `whole` usually costs: multiplied once, divided once.
    package func usual(
        _ day: CivilDate, part: Int64 = 1, of whole: Int64 = 1
    ) throws(PricingError) -> Money {
        let place = place(of: day)
        return try sums[place].scaled(by: Int128(part), over: Int128(whole) * counts[place])
    }
}

/// How far the pattern was off in the past: it is asked at the end of each past day for the days
/// that followed, by the days before alone, and held against what they then cost.
package struct BackTest: Hashable, Sendable {
    /// Below this nine in ten says nothing.
    package static let minimumCount = 10

    package let count: Int
    /// How many days each replay looked ahead.
    package let daysAhead: Int
    /// In thousandths of what was expected, the nearest rank; `nil` where nothing was expected and
    /// something came.
    package let medianPerMille: Int128?
    /// What nine in ten of the replays kept within.
    package let ninetiethPerMille: Int128?

    /// Replays every day that has the days behind it that tell weekdays apart, and all of its days
    /// ahead in the past; `nil` where there is no such day.
    package init?(_ spending: DailySpending, daysAhead: Int) throws(PricingError) {
        let first = WeekdayPattern.weekdaysFromDays
        let last = spending.amounts.count - daysAhead
        guard daysAhead > 0, first <= last else { return nil }
        var errors: [Int128?] = []
        for index in first...last {
            errors.append(try Self.error(spending, at: index, daysAhead))
        }
        // Without bound comes last.
        errors.sort { ($0 ?? .max) < ($1 ?? .max) }
        count = errors.count
        self.daysAhead = daysAhead
        medianPerMille = errors[(errors.count + 1) / 2 - 1]
        ninetiethPerMille = errors[(errors.count * 9 + 9) / 10 - 1]
    }

    private static func error(
        _ spending: DailySpending, at index: Int, _ daysAhead: Int
    ) throws(PricingError) -> Int128? {
        guard let pattern = try spending.pattern(before: index) else { return nil }
        var expected = Money.zero(spending.currency)
        var came = expected
        for place in index..<(index + daysAhead) {
            let day = spending.firstDay.advanced(byDays: place)
            expected = try expected.adding(try pattern.usual(day))
            came = try came.adding(spending.amounts[place])
        }
        let distance = try came.subtracting(expected).attos.magnitude
        guard distance > 0 else { return 0 }
        guard expected.attos > 0, let attos = Int128(exactly: distance) else { return nil }
        return try ExactDivision.halfEven(attos, times: 1000, over: expected.attos)
    }

    /// The rest of a period as the pattern expects it, less and more what nine in ten replays were
    /// off by; `nil` where there were too few, or nothing bounds them.
    package func range(around expected: Money) throws(PricingError) -> (low: Money, high: Money)? {
        guard count >= Self.minimumCount, let off = ninetiethPerMille else { return nil }
        return (
            try expected.scaled(by: max(0, 1000 - off), over: 1000),
            try expected.scaled(by: 1000 + off, over: 1000)
        )
    }
}
