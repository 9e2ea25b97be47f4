import Pricing
import Testing

struct MeterTests {
    @Test func fitsIntoOneWordOfBits() {
        #expect(Meter.allCases.count < Meter.maximumCases)
        #expect(Meter.allCases.map(\.rawValue) == (0..<UInt8(Meter.allCases.count)).map { $0 })
    }

    @Test(arguments: Meter.allCases)
    func namesRoundTrip(meter: Meter) {
        #expect(Meter(name: meter.name) == meter)
        #expect(
            meter.name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || $0 == 0x5F || (0x30...0x39).contains($0)
            })
    }

    /// Names are in files, ledgers and scripts: they never change.
    @Test func namesAreAsPublished() {
        let names = Meter.allCases.map(\.name)
        #expect(
            names == [
                "input", "cached_input", "cache_write_5m", "cache_write_1h", "cache_write_12h",
                "audio_input", "cached_audio_input", "audio_cache_write_5m", "audio_cache_write_1h",
                "image_input", "cached_image_input", "image_cache_write_5m", "image_cache_write_1h",
                "video_input", "cached_video_input", "video_cache_write_5m", "video_cache_write_1h",
                "output", "reasoning", "audio_output", "image_output", "video_output", "citation",
                "request", "web_search", "file_search", "maps_grounding", "code_execution", "query",
                "credit", "session", "text_message", "page", "annotated_page", "character_input",
                "character_output", "input_image", "output_image", "input_pixel", "output_pixel",
                "audio_milliseconds", "audio_input_milliseconds", "audio_output_milliseconds",
                "video_input_milliseconds", "video_output_milliseconds", "capacity_milliseconds",
                "databricks_unit", "guardrail_unit", "unreported_input",
            ])
    }

    @Test(arguments: ["", "Input", "cachedInput", "cached-input", "input ", "tokens", "output_"])
    func refusesOtherNames(name: String) {
        #expect(Meter(name: name) == nil)
    }

    @Test func fallsBackWithinOneModalityAndSide() {
        for meter in Meter.allCases {
            guard let parent = meter.fallback else { continue }
            #expect(parent.modality == meter.modality, "\(meter.name)")
            #expect(parent.side == meter.side, "\(meter.name)")
            #expect(parent.fallback == nil, "one step: \(meter.name)")
        }
        #expect(Meter.cachedInput.fallback == .input)
        #expect(Meter.cachedAudioInput.fallback == .audioInput)
        #expect(Meter.reasoning.fallback == .output)
        #expect(Meter.input.fallback == nil)
        #expect(Meter.webSearch.fallback == nil)
    }

    @Test func inheritsReadsAndReasoningButNoCacheWrite() {
        let inheritable = Meter.allCases.filter(\.isInheritable)
        #expect(
            inheritable == [
                .cachedInput, .cachedAudioInput, .cachedImageInput, .cachedVideoInput, .reasoning,
            ])
        #expect(inheritable.allSatisfy { $0.fallback != nil })
    }

    @Test func knowsItsSide() {
        #expect(Meter.allCases.filter { $0.side == .input }.count == 17)
        #expect(
            Meter.allCases.filter { $0.side == .output } == [
                .output, .reasoning, .audioOutput, .imageOutput, .videoOutput, .citation,
            ])
        #expect(Meter.webSearch.side == .neither)
        #expect(Meter.audioInputMilliseconds.side == .neither)
        #expect(!Meter.request.isToken)
        #expect(Meter.cacheWrite1h.isCached && Meter.cachedInput.isCached)
        #expect(!Meter.input.isCached && !Meter.reasoning.isCached)
    }

    @Test func iteratesASetInOrder() {
        var set = MeterSet()
        for meter in [Meter.guardrailUnit, .output, .input, .output] { set.insert(meter) }
        #expect(Array(set) == [.input, .output, .guardrailUnit])
        #expect(set.contains(.output) && !set.contains(.reasoning))
        #expect(MeterSet().isEmpty)
    }
}

struct UsageTests {
    @Test func addsUpWithoutCountingTwice() throws {
        let usage = try Usage([
            .input: 800, .cachedInput: 1200, .cacheWrite5m: 30, .audioInput: 7, .output: 400,
            .reasoning: 100, .webSearch: 3,
        ])
        // 800 + 1200 + 30 + 7 = 2037 and 400 + 100 = 500; searches are no tokens.
        #expect(usage.totalInput == 2037)
        #expect(usage.totalOutput == 500)
        #expect(usage[.webSearch] == 3)
        #expect(usage[.citation] == 0)
        #expect(
            Array(usage.meters) == [
                .input, .cachedInput, .cacheWrite5m, .audioInput, .output, .reasoning, .webSearch,
            ])
    }

    @Test func zeroIsNoMeter() throws {
        let usage = try Usage([.input: 0, .output: 0])
        #expect(usage.isEmpty)
        #expect(usage == Usage())
    }

    @Test func refusesNegativeCountsAndOverflow() throws {
        #expect(throws: PricingError.self) { try Usage([.input: -1]) }
        #expect(throws: PricingError.self) { try Usage([.input: Int64.min]) }
        var usage = try Usage([.input: 10])
        #expect(throws: PricingError.self) { try usage.add(-1, of: .input) }
        #expect(usage[.input] == 10)
        #expect(throws: PricingError.self) { try usage.add(Int64.max, of: .input) }
        #expect(usage[.input] == 10)
    }

    @Test func addingIsPerMeter() throws {
        let sum = try Usage([.input: 1, .output: 2]).adding(Usage([.input: 10, .reasoning: 5]))
        #expect(sum == (try Usage([.input: 11, .output: 2, .reasoning: 5])))
        #expect(throws: PricingError.self) {
            try Usage([.input: Int64.max]).adding(Usage([.input: 1]))
        }
    }

    @Test func leavesAMeterOut() throws {
        let usage = try Usage([.input: 1, .request: 2]).without(.request)
        #expect(usage == (try Usage([.input: 1])))
        #expect(!usage.meters.contains(.request))
        #expect(usage.without(.output) == usage)
    }

    /// A total that leaves `Int64` must not come out small, or a huge request would take the base
    /// band.
    @Test func totalsNeverTurnNegative() throws {
        let usage = try Usage([.input: Int64.max, .cachedInput: Int64.max])
        #expect(usage.totalInput > 0)
    }

    @Test(arguments: seeds)
    func portionAndRemainderAddUp(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<1000 {
            var usage = Usage()
            for meter in Meter.allCases where Bool.random(using: &random) {
                try usage.add(Int64.random(in: 0...1_000_000_000_000, using: &random), of: meter)
            }
            let share = Share(
                attos: Int128(Int64.random(in: 0...1_000_000_000_000_000_000, using: &random)))
            let part = try usage.portion(share)
            let rest = try usage.remainder(after: part)
            if try part.adding(rest) != usage {
                Issue.record("seed \(seed): \(share.percentText)%")
            }
        }
    }

    @Test func refusesARemainderBelowZero() throws {
        let (small, large) = (try Usage([.input: 1]), try Usage([.input: 2]))
        #expect(throws: PricingError.self) { try small.remainder(after: large) }
    }
}

struct CountTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let count: Int64
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "0", count: 0), Case(text: "1000", count: 1000),
        Case(text: "10M", count: 10_000_000), Case(text: "10m", count: 10_000_000),
        Case(text: "1.5B", count: 1_500_000_000), Case(text: "1.5G", count: 1_500_000_000),
        Case(text: "250k", count: 250_000), Case(text: "250K", count: 250_000),
        Case(text: "0.001k", count: 1), Case(text: "3.6M", count: 3_600_000),
        Case(text: "1.0", count: 1), Case(text: "9223372036854775807", count: Int64.max),
    ])
    func readsCountsAsPeopleWriteThem(_ given: Case) {
        #expect(Count.parse(given.text) == given.count)
    }

    @Test(arguments: [
        "", "k", "M", "-5", "-5k", "+5", "1e9", "1,000", "1_000", "10 M", "10MM", "10T", "1.5",
        "0.0001k", "１０", "ten", "10%", "0x10", "9223372036854775808", "9223372036854776k",
        "170141183460469231731B", ".5k", "5.k", "NaN",
    ])
    func refusesOtherTexts(text: String) {
        #expect(Count.parse(text) == nil)
        #expect(throws: PricingError.self) { try Count.require(text, for: "--output-tokens") }
    }

    @Test(arguments: ["-0", "-0k", "-0.0"])
    func refusesASignEvenOnZero(text: String) {
        #expect(Count.parse(text) == nil)
    }

    @Test func namesTheFlag() {
        #expect {
            try Count.require("ten", for: "--output-tokens")
        } throws: { error in
            "\(error)".contains("--output-tokens") && "\(error)".contains("\"ten\"")
        }
    }

    @Test(arguments: [
        Case(text: "0", count: 0), Case(text: "999", count: 999), Case(text: "1,000", count: 1000),
        Case(text: "1,400,000", count: 1_400_000), Case(text: "-1,234", count: -1234),
        Case(text: "-123", count: -123),
        Case(text: "9,223,372,036,854,775,807", count: Int64.max),
        Case(text: "-9,223,372,036,854,775,808", count: Int64.min),
    ])
    func groupsThousands(_ given: Case) {
        #expect(Count.grouped(given.count) == given.text)
    }

    @Test(arguments: [
        Case(text: "24.0M", count: 24_000_000), Case(text: "1.5B", count: 1_500_000_000),
        Case(text: "999", count: 999), Case(text: "2,000", count: 2000),
        Case(text: "1,234,567", count: 1_234_567), Case(text: "1.0M", count: 1_000_000),
        Case(text: "1,050.0M", count: 1_050_000_000),
        Case(text: "2,500.0B", count: 2_500_000_000_000),
        Case(text: "0", count: 0),
    ])
    func shortensOnlyWithoutLoss(_ given: Case) {
        #expect(Count.short(given.count) == given.text)
    }

    @Test func groupsTheIntegerPartOfAnAmount() {
        #expect(Count.groupedDigits("1050.00") == "1,050.00")
        #expect(Count.groupedDigits("-1234567.123456") == "-1,234,567.123456")
        #expect(Count.groupedDigits("999.99") == "999.99")
        #expect(Count.groupedDigits("1000") == "1,000")
    }
}

struct ShareTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let percent: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "60%", percent: "60"), Case(text: "0%", percent: "0"),
        Case(text: "100%", percent: "100"), Case(text: "33.3%", percent: "33.3"),
        Case(text: "0.0000000000000001%", percent: "0.0000000000000001"),
    ])
    func readsPercentages(_ given: Case) throws {
        #expect(try Share(parsing: given.text, for: "cached").percentText == given.percent)
    }

    @Test(arguments: [
        "", "%", "60", "-1%", "100.1%", "60%%", "1e1%", "60 %", "0.6", "sixty%", "+5%", "½%",
        "0.00000000000000001%",
    ])
    func refusesOtherTexts(text: String) {
        #expect(throws: PricingError.self) { try Share(parsing: text, for: "cached") }
    }

    @Test func takesABareNumberOnlyWhereToldSo() throws {
        #expect(
            try Share(parsing: "70", for: "mix", percentSign: .optional)
                == Share(parsing: "70%", for: "mix"))
        #expect(throws: PricingError.self) { try Share(parsing: "70", for: "mix") }
    }

    @Test func growthMayShrink() throws {
        #expect(try Share(growth: "-2.5%", for: "growth").percentText == "-2.5")
        #expect(try Share(growth: "1000%", for: "growth").percentText == "1000")
        #expect(throws: PricingError.self) { try Share(growth: "-100.1%", for: "growth") }
        #expect(throws: PricingError.self) { try Share(growth: "1000.1%", for: "growth") }
    }

    @Test func takesPartsOfACount() throws {
        let share = try Share(parsing: "60%", for: "cached")
        #expect(try share.of(2000) == 1200)
        #expect(try Share.whole.of(Int64.max) == Int64.max)
        #expect(try Share.none.of(Int64.max) == 0)
        // Ties go to the even neighbour: half of 1, 3 and 5.
        let half = try Share(parsing: "50%", for: "half")
        #expect(try [1, 3, 5].map { try half.of($0) } == [0, 2, 2])
        #expect(throws: PricingError.self) {
            try Share(growth: "1000%", for: "growth").of(Int64.max)
        }
    }
}
