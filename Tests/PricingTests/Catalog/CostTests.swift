import Pricing
import Testing

/// What a line makes of some usage.
struct CostTests {
    @Test func namesWhatItDoesNotCharge() throws {
        let book = book([try line("output only", rates: [.output: "8"])])
        let usage = try Usage([.input: 1200, .cachedInput: 7, .output: 500])
        let priced = try book.price(usage, purchase())
        // 500 · 8 ÷ 10⁶ = 0.004, and that is a lower bound.
        #expect(priced.billedText == "0.004 USD")
        #expect(!priced.cost.isComplete)
        #expect(Array(priced.cost.unpriced) == [.input, .cachedInput])
        #expect(
            throws: PricingError.unpriced(
                model: "gpt-4.1", channel: "openai", line: "output only",
                meters: [.input, .cachedInput])
        ) {
            try priced.requireComplete()
        }
        let output = try book.price(Usage([.output: 500]), purchase())
        #expect(try output.requireComplete().isComplete)
    }

    @Test func freeIsNotUnpriced() throws {
        let book = book([try line("free", rates: [.input: "0", .output: "0"])])
        let priced = try book.price(Usage([.input: 1200, .output: 500]), purchase())
        #expect(priced.billedText == "0.00 USD")
        #expect(priced.cost.isComplete)
    }

    @Test func nothingUsedCostsNothing() throws {
        let book = book([try line("a", rates: [.output: "8"])])
        let priced = try book.price(Usage(), purchase())
        #expect(priced.billedText == "0.00 USD")
        #expect(priced.cost.isComplete)
    }

    @Test func refusesUnlistedMetersUnlessTheLineInherits() throws {
        let usage = try Usage([
            .input: 1000, .cachedInput: 2000, .cacheWrite5m: 1, .output: 100, .reasoning: 300,
            .cachedAudioInput: 5,
        ])
        let refused = try line("refused", rates: [.input: "2", .output: "8"])
        #expect(
            Array(try refused.line.charge(for: usage).unpriced) == [
                .cachedInput, .cacheWrite5m, .cachedAudioInput, .reasoning,
            ])
        let inherit = try line("inherit", unlisted: .inherit, rates: [.input: "2", .output: "8"])
        let charge = try inherit.line.charge(for: usage)
        // (1000 + 2000) · 2 + (100 + 300) · 8 = 9200 millionths. A cache write is not inherited,
        // nor is cached audio, whose modality the line does not list.
        #expect(charge.billed.money.shown == "0.0092 USD")
        #expect(Array(charge.unpriced) == [.cacheWrite5m, .cachedAudioInput])
        let components = try inherit.line.components(of: usage)
        #expect(components.map(\.meter) == [.input, .cachedInput, .output, .reasoning])
        #expect(components.map(\.ratedAs) == [.input, .input, .output, .output])
    }

    @Test func itsOwnRateGoesBeforeAnInheritedOne() throws {
        let inherit = try line(
            "inherit", unlisted: .inherit, rates: [.input: "2", .cachedInput: "0.5", .output: "8"])
        // 1000 · 0.5 = 500 millionths
        #expect(
            try inherit.line.charge(for: Usage([.cachedInput: 1000])).billed.money.amountText
                == "0.0005")
    }

    @Test func billsTheLeastUnits() throws {
        // 0.04 an hour = 0.04 per 3,600,000 ms, and at least 10 s a request.
        let line = RateLine(
            id: "whisper", channel: "groq", model: "whisper", currency: .usd,
            validFrom: .day("2026-01-01"), minimumUnits: [.audioInputMilliseconds: 10_000],
            rates: Rates([(.audioInputMilliseconds, try rate("0.04", per: 3_600_000))]))
        func billed(_ milliseconds: Int64) throws -> String {
            try line.charge(for: Usage([.audioInputMilliseconds: milliseconds])).billed.money
                .amountText
        }
        // 10,000 · 0.04 ÷ 3,600,000 = 0.000111111111111111|1 ; 36,000 ms = 0.0004
        #expect(try billed(1) == "0.000111111111111111")
        #expect(try billed(10_000) == "0.000111111111111111")
        #expect(try billed(36_000) == "0.0004")
        #expect(try billed(0) == "0.00")
        let component = try #require(
            try line.components(of: Usage([.audioInputMilliseconds: 1])).first)
        #expect(component.count == 1)
        #expect(component.billedUnits == 10_000)
        // A volume of 3 requests has three times the minimum; one of unknown requests has none.
        let three = try line.forVolume(ofRequests: 3)
        #expect(three.minimumUnits == [.audioInputMilliseconds: 30_000])
        #expect(try line.forVolume(ofRequests: nil).minimumUnits == [:])
        #expect(throws: PricingError.self) { try line.forVolume(ofRequests: Int64.max) }
    }

    @Test func settlesAsTheChannelIsPaid() throws {
        let settlement = try Settlement(
            pays: Money("1", .cny), for: Money("1", .usd), validFrom: .day("2026-01-01"),
            source: .test)
        let book = book(
            [try line("relay", channel: "holysheep", rates: [.output: "8"])],
            channels: [
                Channel(
                    id: "holysheep", name: "Relay", currency: .usd, settlements: [settlement])
            ])
        // 10M output: 80 billed in dollars, paid with 80 yuan.
        let priced = try book.price(Usage([.output: 10_000_000]), purchase(on: "holysheep"))
        #expect(priced.billedText == "80.00 USD")
        #expect(priced.settledText == "80.00 CNY")
    }

    @Test func refusesABillPastInt128() throws {
        let line = RateLine(
            id: "dear", channel: "c", model: "m", currency: .usd, validFrom: .day("2026-01-01"),
            rates: Rates([
                (.input, try rate("10000000", per: 1)), (.output, try rate("10000000", per: 1)),
            ]))
        // 10⁷ · 10¹³ = 10²⁰ a meter fits into 1.7 · 10²⁰, twice that does not.
        let usage = try Usage([.input: 10_000_000_000_000, .output: 10_000_000_000_000])
        #expect(throws: PricingError.outOfRange("a bill")) { try line.charge(for: usage) }
        #expect(throws: Never.self) { try line.charge(for: usage.without(.output)) }
    }

    @Test func addsCosts() throws {
        let book = book([try line("a", rates: [.output: "8"])])
        let sum = try book.price(Usage([.output: 1_000_000]), purchase()).cost.adding(
            book.price(Usage([.output: 1, .input: 1]), purchase()).cost)
        #expect(sum.billed.money.amountText == "8.000008")
        #expect(Array(sum.unpriced) == [.input])
    }

    // MARK: Properties

    private static let meters: [Meter] = [
        .input, .cachedInput, .cacheWrite5m, .output, .reasoning, .webSearch,
    ]

    /// A line whose quotes do not all end in decimals.
    private func ratioLine(_ random: inout SplitMix64) throws -> RateLine {
        var rates = Rates()
        for meter in Self.meters {
            let micros = Int128(Int64.random(in: 0...100_000_000, using: &random))
            let units: [Int64] = [1_000_000, 12_000_000, 7, 3_600_000]
            rates[meter] = try Rate(
                quote: Money(currency: .usd, attos: micros * 1_000_000_000_000),
                per: units.randomElement(using: &random) ?? 1)
        }
        return RateLine(
            id: "r", channel: "c", model: "m", currency: .usd, validFrom: .day("2026-01-01"),
            rates: rates)
    }

    private func usage(_ random: inout SplitMix64, upTo most: Int64) throws -> Usage {
        var usage = Usage()
        for meter in Self.meters where Bool.random(using: &random) {
            try usage.add(Int64.random(in: 0...most, using: &random), of: meter)
        }
        return usage
    }

    @Test(arguments: seeds)
    func oneMoreUnitNeverCostsLess(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let line = try ratioLine(&random)
            let usage = try usage(&random, upTo: 1_000_000_000_000)
            let before = try line.charge(for: usage).billed.money.attos
            for meter in Self.meters {
                var more = usage
                try more.add(Int64.random(in: 1...1000, using: &random), of: meter)
                if try line.charge(for: more).billed.money.attos < before {
                    Issue.record("seed \(seed): one more \(meter.name)")
                }
            }
        }
    }

    /// However usage is cut into requests, counts added up by line and meter cost the same.
    @Test(arguments: seeds)
    func splittingNeverChangesTheSumOfGroupedCounts(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<200 {
            let line = try ratioLine(&random)
            let whole = try usage(&random, upTo: 1_000_000_000)
            var rest = whole
            var grouped = Usage()
            for _ in 0..<Int.random(in: 0...9, using: &random) {
                let share = Share(
                    attos: Int128(Int64.random(in: 0...1_000_000_000_000_000_000, using: &random)))
                let part = try rest.portion(share)
                rest = try rest.remainder(after: part)
                grouped = try grouped.adding(part)
            }
            grouped = try grouped.adding(rest)
            let (one, other) = (try line.charge(for: whole), try line.charge(for: grouped))
            if one.billed != other.billed { Issue.record("seed \(seed)") }
        }
    }

    /// The parts that are shown add up to the bill.
    @Test(arguments: seeds)
    func componentsAddUpToTheCharge(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let line = try ratioLine(&random)
            let usage = try usage(&random, upTo: 1_000_000_000_000)
            var sum = Billed(Money.zero(.usd))
            for component in try line.components(of: usage) {
                sum = try sum.adding(component.billed)
            }
            if try line.charge(for: usage).billed != sum { Issue.record("seed \(seed)") }
        }
    }

    /// A million events at published rates: each is exact by itself, so one by one and all at once
    /// agree.
    @Test func aMillionEventsAddUp() throws {
        let seed: UInt64 = 20_261_122
        var random = SplitMix64(seed: seed)
        let line = try line(
            "gpt", rates: [.input: "2", .cachedInput: "0.5", .output: "8", .reasoning: "8"]
        ).line
        var grouped = Usage()
        var oneByOne: Int128 = 0
        for _ in 0..<1_000_000 {
            let bits = random.next()
            var event = Usage()
            try event.add(Int64(bits & 0xFFFF), of: .input)
            try event.add(Int64(bits >> 16 & 0xFFFF), of: .cachedInput)
            try event.add(Int64(bits >> 32 & 0xFFF), of: .output)
            try event.add(Int64(bits >> 44 & 0xFFF), of: .reasoning)
            oneByOne += try line.charge(for: event).billed.money.attos
            grouped = try grouped.adding(event)
        }
        let total = try line.charge(for: grouped).billed.money
        #expect(total.attos == oneByOne, "seed \(seed)")
        // By hand, from the counts: 2 · input + 0.5 · cached + 8 · (output + reasoning), in
        // millionths.
        let halfMicros =
            4 * grouped[.input] + grouped[.cachedInput]
            + 16 * (grouped[.output] + grouped[.reasoning])
        #expect(total.attos == Int128(halfMicros) * 500_000_000_000)
    }

    /// A million times one token at 1 per 12,000,000 is 1,000,000 ÷ 12,000,000, not a million
    /// rounded twelfths.
    @Test func aMillionEventsOfARatioAreGroupedFirst() throws {
        let rate = try rate("1", per: 12_000_000)
        #expect(try rate.billed(for: 1_000_000).money.amountText == "0.083333333333333333")
        let one = try rate.billed(for: 1).money.attos
        #expect(one * 1_000_000 == 83_333_333_333_000_000)
    }
}
