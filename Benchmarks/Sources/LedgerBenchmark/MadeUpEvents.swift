import Accounting
import Pricing

/// Requests of 90 days over 40 models and 20 projects, in the order of their time, from a fixed
/// seed: what a busy relay would have kept.
struct MadeUpEvents: Sequence, IteratorProtocol {
    static let models = 40
    static let projects = 20
    static let days: Int64 = 90
    /// 2026-08-01T00:00:00Z
    static let start: Int64 = 1_785_542_400_000

    private let lines: [RateLine]
    private let step: Int64
    private let isShuffled: Bool
    private let count: Int
    private var number = 0
    private var state: UInt64 = 20_261_123

    init(_ count: Int, lines: [RateLine], isShuffled: Bool = false) {
        self.isShuffled = isShuffled
        self.count = count
        self.lines = lines
        step = Self.days * 86_400_000 / Int64(Swift.max(count, 1))
    }

    /// 1.00 and 4.00 USD per million, a little more for each next model.
    static func catalog() throws -> Catalog {
        let read = Publication(source: "made up", checked: CivilDate(daysSinceEpoch: 20_000))
        let lines = try (0..<models).map { number in
            func rate(_ cents: Int) throws -> Rate {
                let attos = Int128(cents) * 10_000_000_000_000_000
                return try Rate(quote: Money(currency: .usd, attos: attos), per: 1_000_000)
            }
            return RateLine(
                id: "made-up-\(number)", channel: "shop", model: "model-\(number)", currency: .usd,
                validFrom: Timestamp(milliseconds: 0),
                rates: Rates([
                    (.input, try rate(100 + number)), (.cachedInput, try rate(10 + number)),
                    (.output, try rate(400 + number)), (.reasoning, try rate(400 + number)),
                ]))
        }
        return Catalog(
            digest: "made up", date: nil,
            channels: [Channel(id: "shop", name: "Shop", currency: .usd)],
            models: lines.map { Model(id: $0.model, name: $0.model, vendor: "shop") },
            exchangeRates: [], lines: lines.map { CatalogLine(line: $0, publication: read) })
    }

    mutating func next() -> LedgerEntry? {
        guard number < count else { return nil }
        defer { number += 1 }
        let dice = random()
        // A prime that divides no count of ours visits each place once.
        let place = isShuffled ? Int(UInt64(number) * 2_654_435_761 % UInt64(count)) : number
        let start = Self.start + Int64(place) * step
        let line = lines[Int(dice % UInt64(Self.models))]
        var usage = Usage()
        add(Int64(dice >> 8 & 0x1FFF) + 1, .input, to: &usage)
        if dice >> 21 & 3 != 0 { add(Int64(dice >> 23 & 0x3FFF) + 1, .cachedInput, to: &usage) }
        add(Int64(dice >> 37 & 0x7FF) + 1, .output, to: &usage)
        if dice >> 48 & 7 == 0 { add(Int64(dice >> 51 & 0x3FF) + 1, .reasoning, to: &usage) }
        let low = random()
        // One event in a hundred has a user, one of fifty.
        let user = low % 100 == 0 ? "user-\(low / 100 % 50)" : nil
        let id = EventID(
            high: UInt64(start) << 16 | 0x7000 | dice & 0xFFF, low: low | 0x8000_0000_0000_0000)
        let event = UsageEvent(
            id: id, vendorID: "chatcmpl-\(String(low, radix: 36))\(String(dice, radix: 36))",
            start: Timestamp(milliseconds: start),
            durationMilliseconds: Int64(dice >> 40 & 0x3FFF),
            firstTokenMilliseconds: Int64(dice >> 40 & 0x3FF), channel: "shop",
            modelAsked: line.model, modelAnswered: line.model, usage: usage, source: "relay",
            project: "project-\((low >> 32) % UInt64(Self.projects))",
            user: user)
        return LedgerEntry(
            event: event, channel: "shop", model: line.model, line: line, pricedBy: .answered)
    }

    private func add(_ count: Int64, _ meter: Meter, to usage: inout Usage) {
        do {
            try usage.add(count, of: meter)
        } catch {
            preconditionFailure("a count of 14 bits is in range")
        }
    }

    /// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>, checked 2026-11-23).
    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
