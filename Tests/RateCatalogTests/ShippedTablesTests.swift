import ConfigFiles
import Foundation
import Pricing
import RateCatalog
import Testing

/// The tables in pricing-data, as they are built in.
struct ShippedTablesTests {
    private let book: RateBook
    private var catalog: Catalog { book.catalog }

    init() throws { book = try RateCatalogTests.book(RateFile.embedded) }

    @Test func haveNoFault() {
        #expect(faults(RateFile.embedded) == [])
    }

    /// The list in EmbeddedRates.c is held against the folder: no table is forgotten, and none is
    /// stale.
    @Test func areThoseOfTheFolder() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "pricing-data")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter {
                [".yml", ".yaml", ".json"].contains(where: $0.hasSuffix) && $0 != "schema.json"
            }
            .sorted()
        #expect(RateFile.embedded.map(\.name).sorted() == paths)
        for file in RateFile.embedded {
            let bytes = try Data(contentsOf: folder.appending(path: file.name))
            #expect(Array(file.text.utf8) == Array(bytes), "\(file.name)")
        }
    }

    @Test func sayWhereEachLineWasRead() {
        #expect(catalog.lines.count > 50)
        for entry in catalog.lines {
            #expect(entry.publication.source.count > 10, "\(entry.origin)")
            #expect(entry.publication.checked.year >= 2026, "\(entry.origin)")
            #expect(
                entry.line.rates.pairs.allSatisfy { $0.rate.quote.currency == entry.line.currency })
        }
        #expect(Set(catalog.lines.map(\.line.id)).count == catalog.lines.count)
    }

    /// The article's two lists are its seller's word; no other list is.
    @Test func labelTheSellersClaims() {
        for entry in catalog.lines {
            let isArticle = ["standard", "holysheep"].contains(entry.line.channel)
            #expect(entry.publication.claim == (isArticle ? "seller" : nil), "\(entry.origin)")
        }
        let holysheep = catalog.channels.first { $0.id == "holysheep" }
        #expect(holysheep?.settlements.map(\.source.claim) == ["seller"])
    }

    /// `vendor` never leads nowhere but where no price is stated, and what a vendor sells has a name
    /// that resolves.
    @Test func sellEveryModelAtItsVendor() throws {
        var unpriced: [String] = []
        for model in catalog.models {
            if let vendor = model.vendor, !book.isSold(model.id, on: vendor) {
                unpriced.append(model.id)
            }
            for name in model.aliases {
                #expect(
                    try book.model(named: name.text, at: name.validFrom).id == model.id,
                    "\(name.text)")
            }
        }
        #expect(unpriced == ["moderation"], "without a price at their vendor")
    }

    /// From its first moment each line prices what it lists, and no hour of any day is ambiguous.
    @Test func priceAtEveryHour() throws {
        for entry in book.standingLines {
            let line = entry.line
            var usage = Usage()
            for (meter, _) in line.rates.pairs { try usage.add(1000, of: meter) }
            if let above = line.conditions.aboveInput { try usage.add(above, of: .input) }
            for hour in 0..<(8 * 24) {
                let time = Timestamp(
                    milliseconds: line.validFrom.milliseconds + Int64(hour) * 3_600_000)
                if let end = book.end(of: line), time >= end { break }
                let purchase = Purchase(
                    model: line.model, channel: line.channel, at: time,
                    serviceTier: line.conditions.serviceTier, attributes: line.conditions.when,
                    list: line.currency)
                let priced = try book.price(usage, purchase)
                #expect(priced.cost.isComplete, "\(entry.origin) at \(time.text)")
                if line.conditions.window == nil { continue }
                let isInside =
                    try line.conditions.window?.contains(time, zones: UTCAndShanghai()) ?? true
                #expect((priced.line.id == line.id) == isInside, "\(entry.origin) at \(time.text)")
            }
        }
    }

    // MARK: Figures

    struct Figure: Sendable, CustomTestStringConvertible {
        let model: String
        var channel = "direct"
        var at = "2026-11-22"
        var tier = "standard"
        var list: Currency? = nil
        var attributes: [String: String] = [:]
        /// What a million units come to, as published.
        let million: KeyValuePairs<Meter, String>
        var testDescription: String { "\(model) on \(channel) at \(at), \(tier)" }
    }

    // The figures of shared catalogs genai-prices 0.2.3 and litellm 1.109.1, $ per million (fees
    // per 1,000 times a thousand).
    private static let vendorFigures: [Figure] = [
        Figure(
            model: "gpt-4.1",
            million: [
                .input: "2.00 USD", .cachedInput: "0.50 USD", .output: "8.00 USD",
                .webSearch: "10000.00 USD",
            ]),
        Figure(
            model: "gpt-4.1", tier: "batch",
            million: [.input: "1.00 USD", .cachedInput: "0.50 USD", .output: "4.00 USD"]),
        Figure(
            model: "gpt-4.1", tier: "priority",
            million: [.input: "3.50 USD", .cachedInput: "0.875 USD", .output: "14.00 USD"]),
        Figure(
            model: "gpt-4.1", attributes: ["web_search_tool": "preview"],
            million: [.webSearch: "25000.00 USD", .output: "8.00 USD"]),
        Figure(
            model: "gpt-4.1", at: "2025-04-14",
            million: [.input: "2.00 USD", .cachedInput: "0.50 USD", .output: "8.00 USD"]),
        Figure(
            model: "claude-sonnet-4.5",
            million: [
                .cacheWrite5m: "3.75 USD", .output: "15.00 USD", .webSearch: "10000.00 USD",
            ]),
        Figure(
            model: "gemini-2.5-flash",
            million: [
                .input: "0.30 USD", .cachedInput: "0.03 USD", .output: "2.50 USD",
                .reasoning: "2.50 USD", .audioInput: "1.00 USD", .cachedAudioInput: "0.10 USD",
                .webSearch: "35000.00 USD",
            ]),
        Figure(
            model: "gemini-2.5-flash", tier: "batch",
            million: [.input: "0.15 USD", .output: "1.25 USD"]),
        Figure(
            model: "gemini-2.5-flash", tier: "flex",
            million: [.input: "0.15 USD", .output: "1.25 USD"]),
        Figure(
            model: "gemini-2.5-flash", tier: "priority",
            million: [.input: "0.54 USD", .output: "4.50 USD"]),
        Figure(
            model: "deepseek-v3.2",
            million: [.input: "0.28 USD", .cachedInput: "0.028 USD", .output: "0.42 USD"]),
        Figure(
            model: "deepseek-v3.2", list: .cny,
            million: [.input: "2.00 CNY", .cachedInput: "0.20 CNY", .output: "3.00 CNY"]),
        // The alias as it stood: V3 by night and by day, V3.1 after 2025-09-05 16:00 UTC, V3.2.
        Figure(
            model: "deepseek-chat", at: "2025-06-15T12:00:00Z",
            million: [.input: "0.27 USD", .cachedInput: "0.07 USD", .output: "1.10 USD"]),
        Figure(
            model: "deepseek-chat", at: "2025-06-15T16:30:00Z",
            million: [.input: "0.135 USD", .cachedInput: "0.035 USD", .output: "0.55 USD"]),
        Figure(
            model: "deepseek-chat", at: "2025-09-05T16:00:00Z",
            million: [.input: "0.56 USD", .cachedInput: "0.07 USD", .output: "1.68 USD"]),
        Figure(
            model: "deepseek-chat", at: "2026-01-15",
            million: [.input: "0.28 USD", .cachedInput: "0.028 USD", .output: "0.42 USD"]),
        // The list of autumn 2026: dearer from 01:00 to 04:00 UTC on weekdays; 2026-11-20 is a
        // Friday.
        Figure(model: "deepseek-flash", at: "2026-11-20T02:00:00Z", million: [.output: "1.20 USD"]),
        Figure(model: "deepseek-flash", at: "2026-11-20T05:00:00Z", million: [.output: "0.60 USD"]),
        Figure(model: "deepseek-flash", at: "2026-11-21T02:00:00Z", million: [.output: "0.60 USD"]),
        Figure(
            model: "deepseek-flash", at: "2026-11-20T02:00:00Z", list: .cny,
            million: [.output: "8.00 CNY"]),
        Figure(
            model: "deepseek-flash", at: "2026-11-21T02:00:00Z", list: .cny,
            million: [.output: "4.00 CNY"]),
    ]

    @Test(arguments: vendorFigures)
    func chargeWhatTheVendorPublishes(_ figure: Figure) throws {
        for (meter, amount) in figure.million {
            let billed = try book.billed(
                [meter: 1_000_000], of: figure.model, on: figure.channel, at: figure.at,
                tier: figure.tier, attributes: figure.attributes, list: figure.list)
            #expect(billed == amount, "\(meter.name)")
        }
    }

    /// Sonnet's rates per million with 100,000 input tokens, and its band above 200,000 until
    /// 2026-04-30.
    @Test func chargeClaudesLongContextWhileItLasted() throws {
        func billed(_ usage: KeyValuePairs<Meter, Int64>, _ time: String, tier: String = "standard")
            throws -> String
        {
            try book.billed(usage, of: "claude-sonnet-4-5-20250929", at: time, tier: tier)
        }
        // 200,000 · 3 = 0.6 ; 200,001 · 6 = 1.200006 ; 150,000 · 0.6 + 50,001 · 12 + 1000 · 22.5 =
        // 0.712512
        #expect(try billed([.input: 200_000], "2026-01-15") == "0.60 USD")
        #expect(try billed([.input: 200_001], "2026-01-15") == "1.200006 USD")
        #expect(
            try billed([.cachedInput: 150_000, .cacheWrite1h: 50_001, .output: 1000], "2026-01-15")
                == "0.712512 USD")
        // 50,000 · 0.3 + 50,000 · 3.75 + 50,000 · 6 = 0.015 + 0.1875 + 0.3
        #expect(
            try billed(
                [.cachedInput: 50_000, .cacheWrite5m: 50_000, .cacheWrite1h: 50_000], "2026-01-15")
                == "0.5025 USD")
        // Half of both in batch.
        #expect(try billed([.input: 200_000], "2026-01-15", tier: "batch") == "0.30 USD")
        #expect(try billed([.input: 200_001], "2026-01-15", tier: "batch") == "0.600003 USD")
        // 200,001 · 3
        #expect(try billed([.input: 200_001], "2026-04-30") == "0.600003 USD")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let model: String
        let standard: String
        let relay: String
        let saved: String
        /// At 7.3, against the vendor's own dollar list.
        let direct: String
        let savedAtMarket: String
        var testDescription: String { model }
    }

    /// The monthly calculator of the article, 10M output tokens: 10 · 56 = 560 against 10 · 8 = 80,
    /// and so on.
    @Test(arguments: [
        Row(
            model: "deepseek-v3.2", standard: "29.40", relay: "4.20", saved: "25.20",
            direct: "30.66", savedAtMarket: "26.46"),
        Row(
            model: "gemini-2.5-flash", standard: "175.00", relay: "25.00", saved: "150.00",
            direct: "182.50", savedAtMarket: "157.50"),
        Row(
            model: "gpt-4.1", standard: "560.00", relay: "80.00", saved: "480.00", direct: "584.00",
            savedAtMarket: "504.00"),
        Row(
            model: "claude-sonnet-4.5", standard: "1050.00", relay: "150.00", saved: "900.00",
            direct: "1095.00", savedAtMarket: "945.00"),
    ])
    func comeToTheFiguresOfTheArticle(_ row: Row) throws {
        func cost(_ channel: String) throws -> Cost {
            let purchase = Purchase(model: row.model, channel: channel, at: .at("2026-11-22"))
            return try book.price(Usage([.output: 10_000_000]), purchase).requireComplete()
        }
        let (standard, relay, direct) = (
            try cost("standard"), try cost("holysheep"), try cost("direct")
        )
        #expect(standard.settled.money == (try Money(row.standard, .cny)))
        // Billed in dollars, settled with as many yuan.
        #expect(relay.billed.money == (try Money(row.relay, .usd)))
        #expect(relay.settled.money == (try Money(row.relay, .cny)))
        #expect(direct.settled.money == (try Money(row.relay, .usd)))
        let savings = try Savings(baseline: standard.settled.money, cost: relay.settled.money)
        #expect(savings.saved.amountText == row.saved)
        #expect(savings.percentText == "85.7")
        let atMarket = try FXRate(parsing: "USD/CNY=7.3").convert(direct.settled.money)
        #expect(atMarket == (try Money(row.direct, .cny)))
        let market = try Savings(baseline: atMarket, cost: relay.settled.money)
        #expect(market.saved.amountText == row.savedAtMarket)
        #expect(market.percentText == "86.3")
        // Every pair of the article is 7.0 apart.
        #expect(
            try FXRate(parsing: "USD/CNY=7").convert(direct.settled.money) == standard.settled.money
        )
    }

    /// The article has no input rates: input there is unpriced, and never free.
    @Test(arguments: ["standard", "holysheep"])
    func leaveTheArticlesInputUnpriced(channel: String) throws {
        for model in ["gpt-4.1", "claude-sonnet-4.5", "gemini-2.5-flash", "deepseek-v3.2"] {
            let purchase = Purchase(model: model, channel: channel, at: .at("2026-11-22"))
            let priced = try book.price(Usage([.input: 1000, .output: 1000]), purchase)
            #expect(Array(priced.cost.unpriced) == [.input], "\(model)")
            #expect(throws: PricingError.self) { try priced.requireComplete() }
        }
    }

    /// 70% DeepSeek and 30% GPT-4.1 of 10M output through the relay: 7 · 0.42 + 3 · 8 = 26.94,
    /// settled in yuan.
    @Test func comeToTheMixOfTheIssue() throws {
        let mix = try Mix([
            Mix.Part(model: "deepseek-v3.2", share: Share(parsing: "70%", for: "mix")),
            Mix.Part(model: "gpt-4.1", share: Share(parsing: "30%", for: "mix")),
        ])
        var sum = Settled(Money.zero(.cny))
        for (part, usage) in zip(mix.parts, try mix.split(Usage([.output: 10_000_000]))) {
            let purchase = Purchase(model: part.model, channel: "holysheep", at: .at("2026-11-22"))
            sum = try sum.adding(book.price(usage, purchase).requireComplete().settled)
        }
        #expect(sum.money.amountText == "26.94")
    }
}
