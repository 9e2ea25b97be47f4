/// A rule for all years, as POSIX spells it: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// <https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html> (checked 2026-11-23),
/// with hours from -167 to 167 as TZif's third version has them.
struct PosixZone: Sendable {
    private struct Summer: Sendable {
        let offsetSeconds: Int
        let start: YearlyMoment
        let end: YearlyMoment
    }

    private let offsetSeconds: Int
    private let summer: Summer?

    init?(_ text: [UInt8]) {
        var reader = RuleReader(text)
        guard reader.name(), let west = reader.clock(hours: 24) else { return nil }
        offsetSeconds = -west
        guard !reader.isAtEnd else {
            summer = nil
            return
        }
        guard reader.name() else { return nil }
        var east = offsetSeconds + 3600
        if !reader.isAt(",") {
            guard let west = reader.clock(hours: 24) else { return nil }
            east = -west
        }
        guard reader.take(","), let start = YearlyMoment(&reader), reader.take(","),
            let end = YearlyMoment(&reader), reader.isAtEnd
        else { return nil }
        summer = Summer(offsetSeconds: east, start: start, end: end)
    }

    /// Seconds east of UTC at a moment in seconds since the epoch.
    func offsetSeconds(at time: Int64) -> Int {
        guard let summer else { return offsetSeconds }
        // Weekdays and leap years come again every 400 years: any moment has one like it from 1970 on.
        let cycle: Int64 = 146_097 * 86_400
        let time = time - floorDivide(time, cycle) * cycle
        let year = CivilDate(daysSinceEpoch: Int(floorDivide(time, 86_400))).year
        var last: (time: Int64, offset: Int)?
        for year in (year - 1)...(year + 1) {
            // Where one ends as the next begins, summer never ends: the beginning is looked at last.
            let changes = [
                (summer.end.seconds(in: year) - Int64(summer.offsetSeconds), offsetSeconds),
                (summer.start.seconds(in: year) - Int64(offsetSeconds), summer.offsetSeconds),
            ]
            for (change, offset) in changes where change <= time {
                if last.map({ $0.time <= change }) ?? true { last = (change, offset) }
            }
        }
        return last?.offset ?? offsetSeconds
    }
}

/// A day of each year and a time on it, by the clock that is shown until then.
private struct YearlyMoment: Sendable {
    private enum Day {
        /// 1 … 365; 29 February is never counted.
        case julian(Int)
        /// 0 … 365
        case ofYear(Int)
        /// The `week`th such weekday of a month, 5 being the last; 0 is Sunday.
        case weekday(month: Int, week: Int, day: Int)
    }

    private let day: Day
    private let clockSeconds: Int

    init?(_ reader: inout RuleReader) {
        if reader.take("J") {
            guard let number = reader.number(), (1...365).contains(number) else { return nil }
            day = .julian(number)
        } else if reader.take("M") {
            guard let month = reader.number(), (1...12).contains(month), reader.take("."),
                let week = reader.number(), (1...5).contains(week), reader.take("."),
                let weekday = reader.number(), (0...6).contains(weekday)
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else {
            guard let number = reader.number(), (0...365).contains(number) else { return nil }
            day = .ofYear(number)
        }
        guard reader.take("/") else {
            clockSeconds = 2 * 3600
            return
        }
        guard let clock = reader.clock(hours: 167) else { return nil }
        clockSeconds = clock
    }

    /// Seconds since the epoch, as if the clock were UTC's.
    func seconds(in year: Int) -> Int64 {
        Int64(dayNumber(in: year)) * 86_400 + Int64(clockSeconds)
    }

    private func dayNumber(in year: Int) -> Int {
        func first(of month: Int) -> Int {
            CivilDate(year: year, month: month, day: 1)?.daysSinceEpoch ?? 0
        }
        switch day {
        case .julian(let number):
            let isPastLeapDay = number >= 60 && first(of: 3) - first(of: 2) == 29
            return first(of: 1) + number - 1 + (isPastLeapDay ? 1 : 0)
        case .ofYear(let number): return first(of: 1) + number
        case .weekday(let month, let week, let weekday):
            let start = first(of: month)
            // 1970-01-01 was a Thursday.
            let ahead = (weekday - (start + 4) % 7 + 7) % 7
            let end = month == 12 ? start + 31 : first(of: month + 1)
            let day = start + ahead + (week - 1) * 7
            return day < end ? day : day - 7
        }
    }
}

/// Reads a POSIX rule byte by byte.
private struct RuleReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    private var next: UInt8? { isAtEnd ? nil : bytes[position] }

    func isAt(_ character: Unicode.Scalar) -> Bool { next == UInt8(ascii: character) }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        position += 1
        return true
    }

    /// `CET` or `<+0530>`.
    mutating func name() -> Bool {
        let start = position
        if take("<") {
            while let byte = next, byte != UInt8(ascii: ">") {
                guard Self.isLetter(byte) || Self.isDigit(byte) || byte == 0x2B || byte == 0x2D
                else { return false }
                position += 1
            }
            return position > start + 1 && take(">")
        }
        while let byte = next, Self.isLetter(byte) { position += 1 }
        return position - start >= 3
    }

    /// Up to three digits.
    mutating func number() -> Int? {
        var value = 0
        let start = position
        while let byte = next, Self.isDigit(byte), position - start < 3 {
            value = value * 10 + Int(byte - 0x30)
            position += 1
        }
        return position > start ? value : nil
    }

    /// `-5:30` in seconds.
    mutating func clock(hours limit: Int) -> Int? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(), hours <= limit else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where take(":") {
            guard let part = number(), part < 60 else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
