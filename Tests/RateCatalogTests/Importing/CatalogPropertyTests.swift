import Pricing
import RateCatalog
import Testing

/// Of the shipped tables: no two lines of a channel and model are active and equally specific at any
/// time.
struct CatalogPropertyTests {
    private let book: RateBook

    init() throws { book = try RateCatalogTests.book(RateFile.embedded) }

    /// A generator whose every draw the printed seed repeats.
    private struct Draws {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(bound, 1)))
        }
    }

    /// Random moments between 2024-06-01 and 2027-06-01, sizes at the edge of each band and next to
    /// it, tiers and attributes of the model's own lines, some of them together.
    @Test func noRequestFallsUnderTwoLines() throws {
        let seed: UInt64 = 20_261_123
        print("seed \(seed)")
        var draws = Draws(state: seed)
        let start: Int64 = 1_717_200_000_000
        var priced = 0
        for (offer, lines) in Dictionary(grouping: book.standingLines, by: { Offer($0.line) }) {
            let bands = lines.compactMap(\.line.conditions.aboveInput)
            let tiers = lines.map(\.line.conditions.serviceTier)
            let attributes = lines.flatMap { Array($0.line.conditions.when) }
            for _ in 0..<12 {
                var when: [String: String] = [:]
                for _ in 0..<draws.below(3) where !attributes.isEmpty {
                    let picked = attributes[draws.below(attributes.count)]
                    when[picked.key] = picked.value
                }
                let edge = bands.isEmpty ? 1_000 : bands[draws.below(bands.count)]
                let size = max(1, edge + Int64(draws.below(3)) - 1)
                let minutes = Int64(draws.below(3 * 365 * 24 * 60))
                let purchase = Purchase(
                    model: offer.model, channel: offer.channel,
                    at: Timestamp(milliseconds: start + minutes * 60_000),
                    serviceTier: tiers[draws.below(tiers.count)], attributes: when,
                    list: lines[0].line.currency)
                do throws(PricingError) {
                    _ = try book.price(Usage([.input: size, .output: 10]), purchase)
                    priced += 1
                } catch {
                    guard case .ambiguousLines = error else { continue }
                    Issue.record("\(error)")
                }
            }
        }
        #expect(priced > 10_000)
    }

    private struct Offer: Hashable {
        let channel: String
        let model: String
        let currency: Currency

        init(_ line: RateLine) {
            channel = line.channel
            model = line.model
            currency = line.currency
        }
    }

    /// At each of its boundaries a line is the only one of its conditions that holds.
    @Test func linesOfTheSameConditionsFollowOneAnother() {
        struct Kind: Hashable {
            let offer: Offer
            let conditions: RateConditions
        }
        let kinds = Dictionary(grouping: book.standingLines) {
            Kind(offer: Offer($0.line), conditions: $0.line.conditions)
        }
        for lines in kinds.values {
            for entry in lines {
                let time = entry.line.validFrom
                let holding = lines.filter {
                    $0.line.validFrom <= time && (book.end(of: $0.line).map { time < $0 } ?? true)
                }
                #expect(holding.count == 1, "\(entry.origin)")
            }
        }
    }
}
