import Pricing
import Testing

/// Context bands: total input above the threshold moves the whole request.
struct RateBookBandTests {
    /// 2.00 / 0.20 / 2.50 / 10.00 per million, and twice that above each threshold in use.
    private func bands(above threshold: Int64) throws -> RateBook {
        book([
            try line(
                "base",
                rates: [.input: "2", .cachedInput: "0.2", .cacheWrite5m: "2.5", .output: "10"]),
            try line(
                "band", conditions: RateConditions(aboveInput: threshold),
                rates: [.input: "4", .cachedInput: "0.4", .cacheWrite5m: "5", .output: "20"]),
        ])
    }

    @Test(arguments: [32_000, 100_000, 128_000, 200_000, 256_000, 272_000, 512_000] as [Int64])
    func beginsOneTokenAboveTheThreshold(threshold: Int64) throws {
        let book = try bands(above: threshold)
        let (at, above) = (
            try book.price(Usage([.input: threshold, .output: 1000]), purchase()),
            try book.price(Usage([.input: threshold + 1, .output: 1000]), purchase())
        )
        #expect(at.line.id == "base")
        #expect(above.line.id == "band")
    }

    /// The cliff: 200,001 · 4 ÷ 10⁶ + 1000 · 20 ÷ 10⁶ = 0.800004 + 0.02, every token at the band's
    /// rates.
    @Test func movesTheWholeRequest() throws {
        let book = try bands(above: 200_000)
        // 200,000 · 2 ÷ 10⁶ + 1000 · 10 ÷ 10⁶ = 0.4 + 0.01
        let base = try book.price(Usage([.input: 200_000, .output: 1000]), purchase())
        #expect(base.billedText == "0.41 USD")
        let band = try book.price(Usage([.input: 200_001, .output: 1000]), purchase())
        #expect(band.billedText == "0.820004 USD")
    }

    @Test func countsCachedAndWrittenTokens() throws {
        let book = try bands(above: 200_000)
        let usage = try Usage([.input: 1, .cachedInput: 150_000, .cacheWrite5m: 50_000, .output: 1])
        // 1 · 4 + 150,000 · 0.4 + 50,000 · 5 + 1 · 20 = 310,024 millionths
        let priced = try book.price(usage, purchase())
        #expect(priced.line.id == "band")
        #expect(priced.billedText == "0.310024 USD")
        let without = try Usage([.cachedInput: 150_000, .cacheWrite5m: 50_000, .output: 1])
        // 150,000 · 0.2 + 50,000 · 2.5 + 1 · 10 = 155,010 millionths
        #expect(try book.price(without, purchase()).billedText == "0.15501 USD")
    }

    @Test func doesNotCountOutputOrSearches() throws {
        let book = book([
            try line("base", rates: [.input: "2", .output: "10", .webSearch: "10000"]),
            try line(
                "band", conditions: RateConditions(aboveInput: 200_000),
                rates: [.input: "4", .output: "20", .webSearch: "10000"]),
        ])
        let usage = try Usage([.input: 200_000, .output: 500_000, .webSearch: 300_000])
        #expect(try book.price(usage, purchase()).line.id == "base")
    }

    @Test func takesTheHighestOfSeveralBands() throws {
        let book = book([
            try line("base", rates: [.input: "1"]),
            try line(
                "above 512k", conditions: RateConditions(aboveInput: 512_000), rates: [.input: "8"]),
            try line(
                "above 128k", conditions: RateConditions(aboveInput: 128_000), rates: [.input: "2"]),
            try line(
                "above 256k", conditions: RateConditions(aboveInput: 256_000), rates: [.input: "4"]),
        ])
        let sizes: KeyValuePairs<Int64, String> = [
            128_000: "base", 128_001: "above 128k", 256_000: "above 128k", 256_001: "above 256k",
            512_000: "above 256k", 512_001: "above 512k", 1_000_000_000_000: "above 512k",
        ]
        for (size, id) in sizes {
            #expect(try book.price(Usage([.input: size]), purchase()).line.id == id, "\(size)")
        }
    }

    @Test func bandsOnOutputToo() throws {
        let book = book([
            try line("base", rates: [.input: "1", .output: "1"]),
            try line(
                "long", conditions: RateConditions(aboveOutput: 8000),
                rates: [.input: "2", .output: "2"]),
            try line(
                "both", conditions: RateConditions(aboveInput: 1000, aboveOutput: 8000),
                rates: [.input: "3", .output: "3"]),
        ])
        #expect(try book.price(Usage([.input: 1, .output: 8000]), purchase()).line.id == "base")
        #expect(try book.price(Usage([.input: 1, .output: 8001]), purchase()).line.id == "long")
        #expect(
            try book.price(Usage([.input: 1, .output: 8000, .reasoning: 1]), purchase()).line.id
                == "long")
        #expect(try book.price(Usage([.input: 1001, .output: 8001]), purchase()).line.id == "both")
    }

    /// A line for large requests only is no answer for small ones.
    @Test func refusesASizeThatNoLineCovers() throws {
        let book = book([
            try line("band", conditions: RateConditions(aboveInput: 200_000), rates: [.input: "4"])
        ])
        #expect(throws: PricingError.noLineForSize(model: "gpt-4.1", channel: "openai")) {
            try book.price(Usage([.input: 200_000]), purchase())
        }
    }
}
