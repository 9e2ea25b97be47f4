import Pricing
import Testing

struct TimestampTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let milliseconds: Int64
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "1970-01-01T00:00:00Z", milliseconds: 0),
        Case(text: "1969-12-31T23:59:59.999Z", milliseconds: -1),
        // 2001-09-09T01:46:40Z is the billionth second.
        Case(text: "2001-09-09T01:46:40Z", milliseconds: 1_000_000_000_000),
        Case(text: "2001-09-09T09:46:40+08:00", milliseconds: 1_000_000_000_000),
        Case(text: "2001-09-08T20:16:40-05:30", milliseconds: 1_000_000_000_000),
        Case(text: "2001-09-09t01:46:40z", milliseconds: 1_000_000_000_000),
        Case(text: "2001-09-09 01:46:40Z", milliseconds: 1_000_000_000_000),
        Case(text: "2001-09-09T01:46:40.5Z", milliseconds: 1_000_000_000_500),
        Case(text: "2001-09-09T01:46:40.05Z", milliseconds: 1_000_000_000_050),
        Case(text: "2001-09-09T01:46:40.123999999Z", milliseconds: 1_000_000_000_123),
        Case(text: "2001-09-09T01:46:40-00:00", milliseconds: 1_000_000_000_000),
        // A leap second reads as the next second: 2017-01-01T00:00:00Z = 1,483,228,800 s.
        Case(text: "2016-12-31T23:59:60Z", milliseconds: 1_483_228_800_000),
        Case(text: "0001-01-01T00:00:00Z", milliseconds: -62_135_596_800_000),
        Case(text: "9999-12-31T23:59:59.999Z", milliseconds: 253_402_300_799_999),
    ])
    func readsRFC3339(_ given: Case) {
        #expect(Timestamp.parse(given.text.utf8)?.milliseconds == given.milliseconds)
    }

    @Test(arguments: [
        "", "2026-10-01", "2026-10-01T16:30Z", "2026-10-01T16:30:00", "2026-10-01T16:30:00 Z",
        "2026-10-01T24:00:00Z", "2026-10-01T16:60:00Z", "2026-10-01T16:30:61Z",
        "2026-10-01T16:30:00.Z", "2026-10-01T16:30:00,5Z", "2026-10-01T16:30:00+8:00",
        "2026-10-01T16:30:00+0800", "2026-10-01T16:30:00+08", "2026-10-01T16:30:00+24:00",
        "2026-10-01T16:30:00+08:60", "2026-13-01T16:30:00Z", "2026-00-01T16:30:00Z",
        "2026-02-29T00:00:00Z", "2026-10-01T16:30:00ZZ", "26-10-01T16:30:00Z",
        "+2026-10-01T16:30:00Z", "-2026-10-01T16:30:00Z", "0000-10-01T16:30:00Z",
        "20261001T163000Z", "2026-10-01T1６:30:00Z", "2026-10-01T16:30:00\u{2212}05:00",
        "1767225600", "2026-10-01_16:30:00Z",
    ])
    func refusesOtherTexts(text: String) {
        #expect(Timestamp.parse(text.utf8) == nil)
    }

    @Test func writesMillisecondsOnlyWhereThereAreAny() {
        #expect(Timestamp(milliseconds: 0).text == "1970-01-01T00:00:00Z")
        #expect(Timestamp(milliseconds: -1).text == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: -1000).text == "1969-12-31T23:59:59Z")
        #expect(Timestamp(milliseconds: 50).text == "1970-01-01T00:00:00.050Z")
        #expect(Timestamp.at("0001-01-01T00:00:00Z").text == "0001-01-01T00:00:00Z")
    }

    /// Milliseconds come from callers too, and reach past the years that have four digits.
    @Test func doesNotCutAYearShort() {
        // 253,402,300,800,000 is the first millisecond of the year 10000.
        let text = Timestamp(milliseconds: 253_402_300_800_000).text
        #expect(text != "0000-01-01T00:00:00Z")
    }

    @Test func hasATextBeforeTheYearZero() async {
        await #expect(processExitsWith: .success) {
            #expect(!Timestamp(milliseconds: -70_000_000_000_000).text.isEmpty)
        }
        await #expect(processExitsWith: .success) {
            #expect(!Timestamp(milliseconds: Int64.min).text.isEmpty)
        }
    }

    @Test(arguments: seeds)
    func readsBackWhatItWrote(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5000 {
            let time = Timestamp(
                milliseconds: .random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
            )
            if Timestamp.parse(time.text.utf8) != time {
                Issue.record("seed \(seed): \(time.milliseconds)")
            }
        }
    }

    @Test func knowsItsDay() {
        #expect(Timestamp.at("2026-06-15T23:59:59.999Z").utcDate.text == "2026-06-15")
        #expect(Timestamp(milliseconds: -1).utcDate.text == "1969-12-31")
        #expect(Timestamp(milliseconds: -1).seconds == -1)
        #expect(Timestamp(milliseconds: -1000).seconds == -1)
        #expect(Timestamp(milliseconds: -1001).seconds == -2)
        #expect(Timestamp(milliseconds: 1999).seconds == 1)
    }

    @Test func floorsDivision() {
        #expect(floorDivide(-1, 86_400) == -1)
        #expect(floorDivide(-86_400, 86_400) == -1)
        #expect(floorDivide(-86_401, 86_400) == -2)
        #expect(floorDivide(86_399, 86_400) == 0)
    }
}

struct CivilDateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let days: Int
        let weekday: Weekday
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "1970-01-01", days: 0, weekday: .thu),
        Case(text: "1969-12-31", days: -1, weekday: .wed),
        Case(text: "2000-02-29", days: 11_016, weekday: .tue),
        Case(text: "2000-03-01", days: 11_017, weekday: .wed),
        Case(text: "2024-02-29", days: 19_782, weekday: .thu),
        Case(text: "2026-11-22", days: 20_779, weekday: .sun),
        Case(text: "0001-01-01", days: -719_162, weekday: .mon),
        Case(text: "9999-12-31", days: 2_932_896, weekday: .fri),
    ])
    func countsDays(_ given: Case) throws {
        let date = try #require(CivilDate.parse(given.text.utf8))
        #expect(date.daysSinceEpoch == given.days)
        #expect(date.weekday == given.weekday)
        #expect(CivilDate(daysSinceEpoch: given.days) == date)
        #expect(date.text == given.text)
    }

    @Test(arguments: [
        "2026-02-29", "2100-02-29", "1900-02-29", "2026-04-31", "2026-00-10", "2026-13-01",
        "2026-01-00", "2026-01-32", "0000-01-01", "2026-1-1", "2026/01/01", "20260101", "",
        "2026-01-01T", "2026-01-01 ", "10000-01-01", "２026-01-01",
    ])
    func refusesDaysThatDoNotExist(text: String) {
        #expect(CivilDate.parse(text.utf8) == nil)
    }

    @Test(arguments: ["2000-02-29", "2024-02-29", "2400-02-29", "2026-02-28"])
    func knowsLeapYears(text: String) {
        #expect(CivilDate.parse(text.utf8)?.text == text)
    }

    /// Every day of eight centuries follows the day before it.
    @Test func daysFollowEachOther() {
        var before = CivilDate(daysSinceEpoch: -150_001)
        for day in -150_000...150_000 {
            let date = CivilDate(daysSinceEpoch: day)
            let isNext =
                date > before && date.daysSinceEpoch == day
                && date.weekday.dayBefore == before.weekday
                && CivilDate(year: date.year, month: date.month, day: date.day) == date
            if !isNext { Issue.record("\(date.text) after \(before.text)") }
            before = date
        }
    }

    @Test func readsTimesOfDay() {
        #expect(TimeOfDay.parse("16:30".utf8)?.secondOfDay == 59_400)
        #expect(TimeOfDay.parse("00:00:01".utf8)?.secondOfDay == 1)
        #expect(TimeOfDay.parse("24:00".utf8)?.secondOfDay == 86_400)
        for text in [
            "24:00:01", "24:01", "25:00", "1:30", "01:60", "01:00:60", "0130", "", "01:30 ",
        ] {
            #expect(TimeOfDay.parse(text.utf8) == nil, "\(text)")
        }
    }
}

struct StartOfDayTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let date: String
        let zone: String
        let start: String
        var testDescription: String { "\(date) in \(zone)" }
    }

    @Test(arguments: [
        Case(date: "2026-06-15", zone: "UTC", start: "2026-06-15T00:00:00Z"),
        Case(date: "2026-06-15", zone: "Asia/Shanghai", start: "2026-06-14T16:00:00Z"),
        Case(date: "2026-06-15", zone: "America/Lima", start: "2026-06-15T05:00:00Z"),
        Case(date: "2026-06-15", zone: "Asia/Kolkata", start: "2026-06-14T18:30:00Z"),
        // The days around both changes: 29 March has 23 hours, 25 October has 25.
        Case(date: "2026-03-28", zone: "Europe/Berlin", start: "2026-03-27T23:00:00Z"),
        Case(date: "2026-03-29", zone: "Europe/Berlin", start: "2026-03-28T23:00:00Z"),
        Case(date: "2026-03-30", zone: "Europe/Berlin", start: "2026-03-29T22:00:00Z"),
        Case(date: "2026-10-25", zone: "Europe/Berlin", start: "2026-10-24T22:00:00Z"),
        Case(date: "2026-10-26", zone: "Europe/Berlin", start: "2026-10-25T23:00:00Z"),
        // Midnight does not exist: the day begins at 01:00, the moment of the change.
        Case(date: "2018-11-03", zone: "America/Sao_Paulo", start: "2018-11-03T03:00:00Z"),
        Case(date: "2018-11-04", zone: "America/Sao_Paulo", start: "2018-11-04T03:00:00Z"),
        Case(date: "2018-11-05", zone: "America/Sao_Paulo", start: "2018-11-05T02:00:00Z"),
        // Midnight comes twice: the day begins at the first.
        Case(date: "2025-11-02", zone: "America/Havana", start: "2025-11-02T04:00:00Z"),
        Case(date: "2025-11-03", zone: "America/Havana", start: "2025-11-03T05:00:00Z"),
        // A day that was left out begins where the next one does.
        Case(date: "2011-12-29", zone: "Pacific/Apia", start: "2011-12-29T10:00:00Z"),
        Case(date: "2011-12-30", zone: "Pacific/Apia", start: "2011-12-30T10:00:00Z"),
        Case(date: "2011-12-31", zone: "Pacific/Apia", start: "2011-12-30T10:00:00Z"),
    ])
    func isTheFirstMomentOfTheDay(_ given: Case) throws {
        let date = try #require(CivilDate.parse(given.date.utf8))
        #expect(try FakeZones().startOfDay(date, in: given.zone).text == given.start)
    }

    @Test func readsTheWallClock() throws {
        let zones = FakeZones()
        let summer = try zones.wallClock(of: "Europe/Berlin", at: .at("2026-03-29T01:00:00Z"))
        #expect(summer.date.text == "2026-03-29")
        #expect(summer.clock.text == "03:00:00")
        let winter = try zones.wallClock(of: "Europe/Berlin", at: .at("2026-03-29T00:59:59.999Z"))
        #expect(winter.clock.text == "01:59:59")
        let early = try zones.wallClock(of: "Asia/Shanghai", at: .at("1969-12-31T15:59:59Z"))
        #expect(early.date.text == "1969-12-31")
        #expect(early.clock.text == "23:59:59")
    }
}
