import Pricing
import Testing

struct TimeWindowTests {
    private static let everyDay = Set(Weekday.allCases)
    private static let workdays: Set<Weekday> = [.mon, .tue, .wed, .thu, .fri]

    private static func window(
        _ hours: String..., zone: String = "UTC", weekdays: Set<Weekday> = everyDay
    ) -> TimeWindow {
        TimeWindow(
            zone: zone, weekdays: weekdays,
            hours: hours.map { text in
                let ends = text.split(separator: "-").compactMap { TimeOfDay.parse($0.utf8) }
                return TimeWindow.Hours(start: ends[0], end: ends[1])
            })
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let window: TimeWindow
        let time: String
        let isInside: Bool
        var testDescription: String { "\(window.text) at \(time)" }
    }

    // 2026-06-12 is a Friday, 2026-06-15 a Monday.
    @Test(arguments: [
        // Half-open: the start belongs to it, the end does not, to the millisecond.
        Case(window: window("01:00-04:00"), time: "2026-06-15T00:59:59.999Z", isInside: false),
        Case(window: window("01:00-04:00"), time: "2026-06-15T01:00:00Z", isInside: true),
        Case(window: window("01:00-04:00"), time: "2026-06-15T03:59:59.999Z", isInside: true),
        Case(window: window("01:00-04:00"), time: "2026-06-15T04:00:00Z", isInside: false),
        // Several spans.
        Case(
            window: window("06:00-10:00", "01:00-04:00"), time: "2026-06-15T05:00:00Z",
            isInside: false),
        Case(
            window: window("06:00-10:00", "01:00-04:00"), time: "2026-06-15T06:00:00Z",
            isInside: true),
        Case(
            window: window("06:00-10:00", "01:00-04:00"), time: "2026-06-15T02:00:00Z",
            isInside: true),
        // DeepSeek's night of 2025 crossed midnight: 16:30 to 00:30.
        Case(window: window("16:30-00:30"), time: "2026-06-15T16:29:59.999Z", isInside: false),
        Case(window: window("16:30-00:30"), time: "2026-06-15T16:30:00Z", isInside: true),
        Case(window: window("16:30-00:30"), time: "2026-06-15T23:59:59.999Z", isInside: true),
        Case(window: window("16:30-00:30"), time: "2026-06-16T00:00:00Z", isInside: true),
        Case(window: window("16:30-00:30"), time: "2026-06-16T00:29:59.999Z", isInside: true),
        Case(window: window("16:30-00:30"), time: "2026-06-16T00:30:00Z", isInside: false),
        // To the end of the day, in both spellings.
        Case(window: window("22:00-24:00"), time: "2026-06-15T23:59:59.999Z", isInside: true),
        Case(window: window("22:00-24:00"), time: "2026-06-16T00:00:00Z", isInside: false),
        Case(window: window("22:00-00:00"), time: "2026-06-15T23:59:59.999Z", isInside: true),
        Case(window: window("22:00-00:00"), time: "2026-06-16T00:00:00Z", isInside: false),
        Case(window: window("00:00-24:00"), time: "2026-06-15T12:00:00Z", isInside: true),
        // Weekdays.
        Case(
            window: window("01:00-04:00", weekdays: workdays), time: "2026-06-12T02:00:00Z",
            isInside: true),
        Case(
            window: window("01:00-04:00", weekdays: workdays), time: "2026-06-13T02:00:00Z",
            isInside: false),
        Case(
            window: window("01:00-04:00", weekdays: workdays), time: "2026-06-14T02:00:00Z",
            isInside: false),
        Case(
            window: window("01:00-04:00", weekdays: workdays), time: "2026-06-15T02:00:00Z",
            isInside: true),
        // Hours that cross midnight belong to the day on which they begin: Friday night reaches
        // into Saturday, Sunday night, which is not in the list, does not reach into Monday.
        Case(
            window: window("22:00-02:00", weekdays: workdays), time: "2026-06-12T22:00:00Z",
            isInside: true),
        Case(
            window: window("22:00-02:00", weekdays: workdays), time: "2026-06-13T01:00:00Z",
            isInside: true),
        Case(
            window: window("22:00-02:00", weekdays: workdays), time: "2026-06-13T02:00:00Z",
            isInside: false),
        Case(
            window: window("22:00-02:00", weekdays: workdays), time: "2026-06-13T22:00:00Z",
            isInside: false),
        Case(
            window: window("22:00-02:00", weekdays: workdays), time: "2026-06-14T22:00:00Z",
            isInside: false),
        Case(
            window: window("22:00-02:00", weekdays: workdays), time: "2026-06-15T01:00:00Z",
            isInside: false),
        Case(
            window: window("22:00-02:00", weekdays: workdays), time: "2026-06-15T22:00:00Z",
            isInside: true),
        // The weekday is the zone's: 01:00 UTC of Monday is 09:00 there, 20:00 UTC of Sunday is
        // Monday 04:00.
        Case(
            window: window("09:00-12:00", zone: "Asia/Shanghai", weekdays: [.mon]),
            time: "2026-06-15T01:00:00Z", isInside: true),
        Case(
            window: window("09:00-12:00", zone: "Asia/Shanghai", weekdays: [.mon]),
            time: "2026-06-15T04:00:00Z", isInside: false),
        Case(
            window: window("03:00-05:00", zone: "Asia/Shanghai", weekdays: [.mon]),
            time: "2026-06-14T20:00:00Z", isInside: true),
        Case(
            window: window("20:00-23:00", zone: "America/Lima", weekdays: [.sun]),
            time: "2026-06-15T01:30:00Z", isInside: true),
        Case(
            window: window("05:30-06:00", zone: "Asia/Kolkata"), time: "2026-06-15T00:00:00Z",
            isInside: true),
        // With summer time one wall clock is another UTC hour: 09:00 Berlin is 08:00 UTC in winter,
        // 07:00 in summer.
        Case(
            window: window("09:00-10:00", zone: "Europe/Berlin"), time: "2026-01-15T08:00:00Z",
            isInside: true),
        Case(
            window: window("09:00-10:00", zone: "Europe/Berlin"), time: "2026-01-15T07:00:00Z",
            isInside: false),
        Case(
            window: window("09:00-10:00", zone: "Europe/Berlin"), time: "2026-06-15T07:00:00Z",
            isInside: true),
        Case(
            window: window("09:00-10:00", zone: "Europe/Berlin"), time: "2026-06-15T08:00:00Z",
            isInside: false),
        // The gap of 29 March: 02:00-03:00 never comes; 01:00 UTC is already 03:00.
        Case(
            window: window("02:00-03:00", zone: "Europe/Berlin"), time: "2026-03-29T00:59:59.999Z",
            isInside: false),
        Case(
            window: window("02:00-03:00", zone: "Europe/Berlin"), time: "2026-03-29T01:00:00Z",
            isInside: false),
        Case(
            window: window("02:00-03:30", zone: "Europe/Berlin"), time: "2026-03-29T01:00:00Z",
            isInside: true),
        // The doubled hour of 25 October: 02:00-03:00 comes twice, 00:00-01:00 and 01:00-02:00 UTC.
        Case(
            window: window("02:00-03:00", zone: "Europe/Berlin"), time: "2026-10-25T00:30:00Z",
            isInside: true),
        Case(
            window: window("02:00-03:00", zone: "Europe/Berlin"), time: "2026-10-25T01:30:00Z",
            isInside: true),
        Case(
            window: window("02:00-03:00", zone: "Europe/Berlin"), time: "2026-10-25T02:00:00Z",
            isInside: false),
        // Before 1970 the clock reads forwards too.
        Case(window: window("23:00-24:00"), time: "1969-12-31T23:59:59.999Z", isInside: true),
        // Without weekdays or hours it never applies.
        Case(
            window: window("00:00-24:00", weekdays: []), time: "2026-06-15T12:00:00Z",
            isInside: false),
        Case(window: window(), time: "2026-06-15T12:00:00Z", isInside: false),
    ])
    func holds(_ given: Case) throws {
        #expect(
            try given.window.contains(.at(given.time), zones: FakeZones()) == given.isInside)
    }

    @Test func refusesAZoneThatNobodyKnows() {
        #expect(throws: PricingError.unknownTimeZone("Mars/Olympus")) {
            try Self.window("01:00-02:00", zone: "Mars/Olympus").contains(
                .at("2026-06-15T01:00:00Z"), zones: FakeZones())
        }
        #expect(throws: PricingError.unknownTimeZone("Asia/Shanghai")) {
            try Self.window("01:00-02:00", zone: "Asia/Shanghai").contains(
                .at("2026-06-15T01:00:00Z"), zones: UTCOnly())
        }
    }

    struct Overlap: Sendable, CustomTestStringConvertible {
        let one: TimeWindow
        let other: TimeWindow
        let overlaps: Bool
        var testDescription: String { "\(one.text) and \(other.text)" }
    }

    @Test(arguments: [
        Overlap(one: window("01:00-04:00"), other: window("04:00-06:00"), overlaps: false),
        Overlap(one: window("01:00-04:01"), other: window("04:00-06:00"), overlaps: true),
        Overlap(one: window("22:00-02:00"), other: window("01:00-03:00"), overlaps: true),
        Overlap(one: window("22:00-02:00"), other: window("02:00-03:00"), overlaps: false),
        Overlap(
            one: window("01:00-04:00", weekdays: workdays),
            other: window("01:00-04:00", weekdays: [.sat, .sun]), overlaps: false),
        // Friday night and Saturday morning; Sunday night and Monday morning, across the end of the
        // week.
        Overlap(
            one: window("22:00-02:00", weekdays: [.fri]),
            other: window("01:00-03:00", weekdays: [.sat]), overlaps: true),
        Overlap(
            one: window("22:00-02:00", weekdays: [.sun]),
            other: window("01:00-03:00", weekdays: [.mon]), overlaps: true),
        Overlap(
            one: window("22:00-02:00", weekdays: [.sun]),
            other: window("02:00-03:00", weekdays: [.mon]), overlaps: false),
    ])
    func findsOverlaps(_ given: Overlap) {
        #expect(given.one.overlaps(given.other) == given.overlaps)
        #expect(given.other.overlaps(given.one) == given.overlaps)
    }

    /// An hour lies in a window exactly when the window overlaps that hour.
    @Test(arguments: seeds)
    func containsWhatItOverlaps(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let start = Int.random(in: 0...23, using: &random)
            let end = Int.random(in: 0...23, using: &random)
            let days = Self.everyDay.filter { _ in Bool.random(using: &random) }
            let window = TimeWindow(
                zone: "UTC", weekdays: days,
                hours: [
                    TimeWindow.Hours(
                        start: TimeOfDay(secondOfDay: start * 3600),
                        end: TimeOfDay(secondOfDay: end * 3600))
                ])
            // 2026-06-15 is a Monday.
            let day = Int.random(in: 0...6, using: &random)
            let hour = Int.random(in: 0...23, using: &random)
            let time = Timestamp.day("2026-06-15").advanced(
                byMilliseconds: Int64(day * 24 + hour) * 3_600_000)
            let probe = TimeWindow(
                zone: "UTC", weekdays: [Weekday.allCases[day]],
                hours: [
                    TimeWindow.Hours(
                        start: TimeOfDay(secondOfDay: hour * 3600),
                        end: TimeOfDay(secondOfDay: hour * 3600 + 3600))
                ])
            if try window.contains(time, zones: UTCOnly()) != window.overlaps(probe) {
                Issue.record("seed \(seed): \(window.text) at \(time.text)")
            }
        }
    }

    @Test func spellsItselfOneWay() {
        let window = Self.window("06:00-10:00", "01:00-04:00", weekdays: [.tue, .mon])
        #expect(window.text == "UTC/mon,tue/01:00:00-04:00:00,06:00:00-10:00:00")
        #expect(Self.window("16:30-00:30").text == "UTC/every-day/16:30:00-00:30:00")
        #expect(
            window == Self.window("01:00-04:00", "06:00-10:00", weekdays: [.mon, .tue]))
    }
}

struct RateConditionsTests {
    @Test func spellsEachConditionOnce() {
        #expect(RateConditions().text == "")
        let conditions = RateConditions(
            serviceTier: "batch", aboveInput: 200_000, aboveOutput: 8000,
            when: ["speed": "fast", "region": "eu"])
        #expect(
            conditions.text
                == "tier=batch above=200000 above_output=8000 when.region=eu when.speed=fast")
    }

    /// The text is a part of a line's identity, so different conditions may not share one.
    @Test func differentConditionsHaveDifferentTexts() {
        let pairs = [
            (RateConditions(serviceTier: "batch"), RateConditions(when: ["tier": "batch"])),
            (RateConditions(aboveInput: 200_000), RateConditions(when: ["above": "200000"])),
            (
                RateConditions(when: ["region": "eu speed=fast"]),
                RateConditions(when: ["region": "eu", "speed": "fast"])
            ),
        ]
        for (one, other) in pairs { #expect(one.text != other.text, "\(one.text)") }
    }
}
