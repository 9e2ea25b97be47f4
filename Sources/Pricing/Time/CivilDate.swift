/// A day of the proleptic Gregorian calendar, without a zone.
package struct CivilDate: Hashable, Sendable, Comparable {
    package let year: Int
    package let month: Int
    package let day: Int

    /// `nil` where there is no such day: `2026-02-29`, a year below 1 or above 9999.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(inMonth: month, ofYear: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The civil date of a day number, by the era arithmetic of
    /// <https://howardhinnant.github.io/date_algorithms.html> (checked 2026-11-22).
    package init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = Int(floorDivide(Int64(shifted), 146_097))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package func advanced(byDays days: Int) -> CivilDate {
        CivilDate(daysSinceEpoch: daysSinceEpoch + days)
    }

    /// Days since 1970-01-01.
    package var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = Int(floorDivide(Int64(shiftedYear), 400))
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    package var weekday: Weekday {
        // 1970-01-01 was a Thursday.
        let index = (daysSinceEpoch % 7 + 7 + 3) % 7
        return Weekday.allCases[index]
    }

    package var text: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

    /// Reads `2026-10-01`; `nil` for anything else.
    package static func parse(_ text: some Collection<UInt8>) -> CivilDate? {
        Array(text).withUnsafeBufferPointer { parse(bytes: $0) }
    }

    /// The same, off bytes that stay where they are.
    package static func parse(bytes: UnsafeBufferPointer<UInt8>) -> CivilDate? {
        var reader = DigitReader(bytes)
        guard let date = reader.date(), reader.isAtEnd else { return nil }
        return date
    }

    package static func < (lhs: CivilDate, rhs: CivilDate) -> Bool {
        (lhs.year, lhs.month, lhs.day) < (rhs.year, rhs.month, rhs.day)
    }

    private static func days(inMonth month: Int, ofYear year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

package enum Weekday: String, CaseIterable, Sendable {
    case mon, tue, wed, thu, fri, sat, sun

    var bit: UInt8 { 1 << UInt8(Self.allCases.firstIndex(of: self) ?? 0) }
    package var dayBefore: Weekday {
        let index = Self.allCases.firstIndex(of: self) ?? 0
        return Self.allCases[(index + 6) % 7]
    }
}

/// A wall-clock time of day, in seconds since midnight: 0 … 86,399.
package struct TimeOfDay: Hashable, Sendable, Comparable {
    package let secondOfDay: Int

    package init(secondOfDay: Int) { self.secondOfDay = secondOfDay }

    /// Reads `16:30` or `16:30:00`, and `24:00` as the end of a day; `nil` for anything else.
    package static func parse(_ text: some Collection<UInt8>) -> TimeOfDay? {
        Array(text).withUnsafeBufferPointer { parse(bytes: $0) }
    }

    private static func parse(bytes: UnsafeBufferPointer<UInt8>) -> TimeOfDay? {
        var reader = DigitReader(bytes)
        guard let hour = reader.number(2), reader.take(":"), let minute = reader.number(2) else {
            return nil
        }
        var second = 0
        if !reader.isAtEnd {
            guard reader.take(":"), let value = reader.number(2) else { return nil }
            second = value
        }
        let total = hour * 3600 + minute * 60 + second
        guard reader.isAtEnd, minute < 60, second < 60, total <= 86_400 else { return nil }
        return TimeOfDay(secondOfDay: total)
    }

    package var text: String {
        let (minutes, second) = secondOfDay.quotientAndRemainder(dividingBy: 60)
        return "\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2)):\(padded(second, 2))"
    }

    package static func < (lhs: TimeOfDay, rhs: TimeOfDay) -> Bool {
        lhs.secondOfDay < rhs.secondOfDay
    }
}
