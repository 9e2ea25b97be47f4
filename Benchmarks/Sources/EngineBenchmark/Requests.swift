import Pricing

/// One request over and over, its counts never twice the same: 1,000 input tokens of which 200 are
/// cached, 500 output tokens.
struct Requests {
    /// Names as a request brings them: text made at run time, not literals of the program.
    struct Offer {
        let model: String
        let channel: String

        init(_ model: String, _ channel: String) {
            self.model = String(decoding: Array(model.utf8), as: UTF8.self)
            self.channel = String(decoding: Array(channel.utf8), as: UTF8.self)
        }
    }

    let book: RateBook
    let line: RateLine
    /// 2026-11-22T12:00:00Z
    let noon = Timestamp(milliseconds: 1_795_348_800_000)
    let fixedOffer = Offer("gpt-4.1", "openai")
    let offers = [
        Offer("gpt-4.1", "openai"), Offer("claude-sonnet-4.5", "anthropic"),
        Offer("gemini-2.5-flash", "google"), Offer("deepseek-v3.2", "deepseek"),
    ]
    let alias = Offer("gpt-4.1-2025-04-14", "openai")
    let settledOffer = Offer("gpt-4.1", "holysheep")
    let windowedOffer = Offer("deepseek-v4-pro", "deepseek")

    init(_ book: RateBook) throws {
        self.book = book
        let purchase = Purchase(model: fixedOffer.model, channel: fixedOffer.channel, at: noon)
        line = try book.price(Usage([.input: 1]), purchase).line
    }

    /// What is fast but wrong is not worth measuring: 800 · 2.00 + 200 · 0.50 + 500 · 8.00 per
    /// million is 0.0057.
    func requireRightAnswer() throws {
        let answers = [try fixed(0), try charged(0)]
        precondition(
            answers.allSatisfy { $0 == DecimalText.parse("0.0057") }, "the engine is wrong")
    }

    /// Varies by `index`, so that no memo of an answer would help.
    @inline(__always)
    private func usage(_ index: Int) throws(PricingError) -> Usage {
        var usage = Usage()
        try usage.add(800 + Int64(index & 0xFFFF), of: .input)
        try usage.add(200, of: .cachedInput)
        try usage.add(500, of: .output)
        return usage
    }

    @inline(__always)
    private func price(_ index: Int, _ offer: Offer, at time: Timestamp) throws(PricingError)
        -> Int128
    {
        let purchase = Purchase(model: offer.model, channel: offer.channel, at: time)
        return try book.price(try usage(index), purchase).cost.settled.money.attos
    }

    func fixed(_ index: Int) throws -> Int128 { try price(index, fixedOffer, at: noon) }

    func mixed(_ index: Int) throws -> Int128 { try price(index, offers[index & 3], at: noon) }

    /// Any minute of the 400 days before.
    func dated(_ index: Int) throws -> Int128 {
        let minutes = Int64(index &* 7919 % 576_000)
        let time = Timestamp(milliseconds: noon.milliseconds - minutes * 60_000)
        return try price(index, offers[index & 3], at: time)
    }

    func aliased(_ index: Int) throws -> Int128 { try price(index, alias, at: noon) }

    /// Billed in one currency and paid in another; the line charges output alone, and the rest is named as unpriced.
    func settled(_ index: Int) throws -> Int128 { try price(index, settledOffer, at: noon) }

    /// Any minute of the three weeks before, on a channel that is dearer in some hours.
    func windowed(_ index: Int) throws -> Int128 {
        let minutes = Int64(index &* 7919 % 30_240)
        let time = Timestamp(milliseconds: noon.milliseconds - minutes * 60_000)
        return try price(index, windowedOffer, at: time)
    }

    func charged(_ index: Int) throws -> Int128 {
        try line.charge(for: try usage(index)).billed.money.attos
    }

    func counted(_ index: Int) throws -> Int128 {
        let usage = try usage(index)
        return Int128(usage[.input] &+ usage[.output])
    }
}
