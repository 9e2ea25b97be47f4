import Foundation
import Pricing
import Testing

@Suite struct ZoneFileTests {
    // MARK: Rules of POSIX

    struct Rule: Sendable, CustomTestStringConvertible {
        let text: String
        let time: String
        let offset: Int
        var testDescription: String { "\(text) at \(time)" }
    }

    /// By hand: 2026-03-29 and 2026-10-25 are the last Sundays of their months, 2026-03-08 and
    /// 2026-11-01 the second and the first.
    static let rules = [
        Rule(text: "CST-8", time: "2026-06-01T00:00:00Z", offset: 28_800),
        Rule(text: "<+0545>-5:45", time: "2026-06-01T00:00:00Z", offset: 20_700),
        Rule(text: "<-0330>3:30", time: "2026-06-01T00:00:00Z", offset: -12_600),
        Rule(text: "CET-1CEST,M3.5.0,M10.5.0/3", time: "2026-03-29T00:59:59Z", offset: 3_600),
        Rule(text: "CET-1CEST,M3.5.0,M10.5.0/3", time: "2026-03-29T01:00:00Z", offset: 7_200),
        Rule(text: "CET-1CEST,M3.5.0,M10.5.0/3", time: "2026-10-25T00:59:59Z", offset: 7_200),
        Rule(text: "CET-1CEST,M3.5.0,M10.5.0/3", time: "2026-10-25T01:00:00Z", offset: 3_600),
        Rule(text: "EST5EDT,M3.2.0,M11.1.0", time: "2026-03-08T06:59:59Z", offset: -18_000),
        Rule(text: "EST5EDT,M3.2.0,M11.1.0", time: "2026-03-08T07:00:00Z", offset: -14_400),
        Rule(text: "EST5EDT,M3.2.0,M11.1.0", time: "2026-11-01T06:00:00Z", offset: -18_000),
        // South of the equator summer spans the new year: 2026-04-05 and 2026-10-04 at 02:00 and 03:00.
        Rule(
            text: "AEST-10AEDT,M10.1.0,M4.1.0/3", time: "2026-01-01T00:00:00Z", offset: 39_600),
        Rule(
            text: "AEST-10AEDT,M10.1.0,M4.1.0/3", time: "2026-04-04T16:00:00Z", offset: 36_000),
        Rule(
            text: "AEST-10AEDT,M10.1.0,M4.1.0/3", time: "2026-10-03T16:00:00Z", offset: 39_600),
        // Half an hour of summer, and times below zero.
        Rule(
            text: "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", time: "2026-01-01T00:00:00Z",
            offset: 39_600),
        // 23:00 of the day before the last Sunday of March, 2026-03-28.
        Rule(
            text: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", time: "2026-03-29T00:59:59Z", offset: -7_200),
        Rule(
            text: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", time: "2026-03-29T01:00:00Z", offset: -3_600),
        // Summer all year.
        Rule(text: "XXT3EDT4,0/0,J365/23", time: "2026-12-31T23:30:00Z", offset: -14_400),
        Rule(text: "XXT3EDT4,0/0,J365/23", time: "2027-01-01T03:30:00Z", offset: -14_400),
        // Day 60 without 29 February is 1 March; counted from 0 with it, 59 is in a leap year the 29th.
        Rule(text: "AAA0BBB,J60/0,J300/0", time: "2028-02-29T23:59:59Z", offset: 0),
        Rule(text: "AAA0BBB,J60/0,J300/0", time: "2028-03-01T00:00:00Z", offset: 3_600),
        Rule(text: "AAA0BBB,59/0,300/0", time: "2028-02-29T00:00:00Z", offset: 3_600),
        Rule(text: "AAA0BBB,59/0,300/0", time: "2026-02-28T23:59:59Z", offset: 0),
        // Far from every table.
        Rule(text: "CET-1CEST,M3.5.0,M10.5.0/3", time: "9999-07-01T00:00:00Z", offset: 7_200),
    ]

    @Test(arguments: rules) func readsRules(_ rule: Rule) throws {
        let zone = try #require(ZoneFile(file(version: "3", first: 0, [], footer: rule.text)))
        #expect(zone.offsetSeconds(at: Timestamp.at(rule.time).seconds) == rule.offset)
    }

    @Test(arguments: [
        "C", "CET", "CET-", "CET-25", "CET-1CEST", "CET-1CEST,", "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,M13.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J0,J365", "CET-1CEST,0,366", "CET-1CEST,M3.5.0/168,M10.5.0", "CET-1:60",
        "CET-1CEST,M3.5.0,M10.5.0 ", "<CET-1", "<>-1", "CET-1CEST,M3.5.0,M10.5.0/",
    ]) func refusesOtherRules(_ text: String) {
        #expect(ZoneFile(file(version: "3", first: 0, [], footer: text)) == nil)
    }

    // MARK: Files

    /// `times` with the offset from each on, `first` before them.
    private func file(
        version: Character?, first: Int, _ times: [(Int64, Int)], footer: String? = nil,
        leapCount: Int = 0
    ) -> [UInt8] {
        func block(_ version: Character?, _ timeBytes: Int, isEmpty: Bool = false) -> [UInt8] {
            let times = isEmpty ? [] : times
            var bytes = Array("TZif".utf8) + [version?.asciiValue ?? 0]
            bytes += [UInt8](repeating: 0, count: 15)
            let leaps = isEmpty ? 0 : leapCount
            for count in [0, 0, leaps, times.count, times.count + 1, 4] {
                bytes += big(Int64(count), 4)
            }
            for (time, _) in times { bytes += big(time, timeBytes) }
            for index in times.indices { bytes.append(UInt8(index + 1)) }
            for offset in [first] + times.map(\.1) { bytes += big(Int64(offset), 4) + [0, 0] }
            return bytes + Array("LMT\0".utf8)
                + [UInt8](repeating: 0, count: leaps * (timeBytes + 4))
        }
        guard let version else { return block(nil, 4) }
        return block(version, 4, isEmpty: true) + block(version, 8)
            + Array("\n\(footer ?? "")\n".utf8)
    }

    private func big(_ value: Int64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    @Test func readsTheTable() throws {
        for version: Character? in [nil, "2", "3", "4"] {
            let bytes = file(version: version, first: -100, [(-2_000, 3_600), (5_000, -7_200)])
            let zone = try #require(ZoneFile(bytes))
            #expect(zone.offsetSeconds(at: .min / 1000) == -100)
            #expect(zone.offsetSeconds(at: -2_001) == -100)
            #expect(zone.offsetSeconds(at: -2_000) == 3_600)
            #expect(zone.offsetSeconds(at: 4_999) == 3_600)
            #expect(zone.offsetSeconds(at: 5_000) == -7_200)
            #expect(zone.offsetSeconds(at: .max / 1000) == -7_200)
        }
    }

    @Test func goesOnByTheRuleBehindTheTable() throws {
        let start = Timestamp.at("2026-01-01T00:00:00Z").seconds
        let bytes = file(
            version: "2", first: 0, [(0, 1_800), (start, 3_600)],
            footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        let zone = try #require(ZoneFile(bytes))
        #expect(zone.offsetSeconds(at: start - 1) == 1_800)
        #expect(zone.offsetSeconds(at: start) == 3_600)
        #expect(zone.offsetSeconds(at: Timestamp.at("2200-07-01T00:00:00Z").seconds) == 7_200)
        // No table at all: the rule is all there is.
        let bare = try #require(ZoneFile(file(version: "3", first: 0, [], footer: "CST-8")))
        #expect(bare.offsetSeconds(at: 0) == 28_800)
        let fixed = try #require(ZoneFile(file(version: "2", first: 60, [])))
        #expect(fixed.offsetSeconds(at: 0) == 60)
    }

    @Test func refusesWhatIsNoZone() {
        #expect(ZoneFile([]) == nil)
        #expect(ZoneFile(Array("no zone at all, but long enough for a header of 44".utf8)) == nil)
        let good = file(version: "2", first: 0, [(0, 3_600)], footer: "CET-1")
        #expect(ZoneFile(good) != nil)
        for count in 0..<good.count { #expect(ZoneFile(Array(good[..<count])) == nil) }
        #expect(ZoneFile(file(version: "2", first: 0, [(5, 0), (5, 3_600)])) == nil, "twice")
        #expect(ZoneFile(file(version: "2", first: 0, [(0, 100_000)])) == nil, "27 hours")
        #expect(ZoneFile(file(version: "2", first: 0, [(0, 0)], footer: "CET")) == nil)
        #expect(ZoneFile(file(version: "2", first: 0, [(0, 0)], leapCount: 1)) == nil)
    }

    @Test func damageNeverTraps() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let good = file(
            version: "2", first: 0, [(0, 3_600), (9_000, 0)], footer: "EST5EDT,M3.2.0,M11.1.0")
        var read = 0
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            guard let zone = ZoneFile(bytes) else { continue }
            read += 1
            for time: Int64 in [.min / 1000, 0, 9_000, 4_000_000_000, .max / 1000] {
                let offset = zone.offsetSeconds(at: time)
                #expect(abs(offset) <= 200 * 3_600, "seed \(seed)")
            }
        }
        #expect(read > 0, "seed \(seed)")
    }

    // MARK: The machine's own

    private static let folder = "/usr/share/zoneinfo"

    /// Every zone that Foundation names, at random moments and around each change of offset.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "\(folder)/Asia/Shanghai")))
    func agreesWithFoundation() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let start = Int64(0)
        let end = Timestamp.at("2040-01-01T00:00:00Z").seconds
        var compared = 0
        var differences: [String] = []
        for name in TimeZone.knownTimeZoneIdentifiers.sorted() where name.contains("/") {
            guard let data = FileManager.default.contents(atPath: "\(Self.folder)/\(name)"),
                let other = TimeZone(identifier: name)
            else { continue }
            let zone = try #require(ZoneFile(Array(data)), "\(name) cannot be read")
            compared += 1
            var times = (0..<100).map { _ in Int64.random(in: start..<end, using: &random) }
            var change = Date(timeIntervalSince1970: 0)
            while let next = other.nextDaylightSavingTimeTransition(after: change),
                next.timeIntervalSince1970 < Double(end)
            {
                let second = Int64(next.timeIntervalSince1970)
                times += [second - 1, second, second + 1]
                change = next
            }
            for time in times {
                let wanted = other.secondsFromGMT(
                    for: Date(timeIntervalSince1970: Double(time)))
                let got = zone.offsetSeconds(at: time)
                guard got != wanted else { continue }
                let text = Timestamp(milliseconds: time * 1000).text
                differences.append("\(name) at \(text): \(got), Foundation \(wanted)")
                break
            }
        }
        #expect(compared > 380)
        #expect(differences == [], "seed \(seed)")
    }
}
