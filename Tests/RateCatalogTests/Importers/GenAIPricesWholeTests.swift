import Foundation
import Pricing
import RateCatalog
import Testing

/// The whole of genai-prices 0.2.3, where its file lies beside the project.
struct GenAIPricesWholeTests {
    private static let file: URL? = {
        var folder = URL(filePath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let file = folder.appending(path: "shared/catalogs/genai-prices.json")
            if FileManager.default.fileExists(atPath: file.path) { return file }
        }
        return nil
    }()

    private static let plan = Result {
        guard let file else { throw CocoaError(.fileNoSuchFile) }
        let catalog = try GenAIPricesImporter.read(Array(Data(contentsOf: file)))
        return (catalog, try GenAICatalog.plan(catalog))
    }

    /// What README.md beside the file counts.
    @Test(.enabled(if: file != nil, "shared/catalogs is not beside the project"))
    func carriesWhatItsReadmeCounts() throws {
        let (catalog, plan) = try Self.plan.get()
        #expect(catalog.source == "genai-prices 0.2.3")
        #expect(catalog.channels.count == 47)
        #expect(plan.models == 2_330)
        let carried = ImportTally.counts(catalog.tally.carried)
        #expect(carried["providers"] == 47)
        #expect(carried["models"] == 2_330)
        // 560 of models and 167 of variants.
        #expect(carried["tiered prices"] == 727)
        #expect(carried["hours of the day"] == 8)
        // 302 of prices and 186 of variants.
        #expect(carried["start dates"] == 488)
        // 2 (174), 3 (42), 4 (16) and 5 (1) dated prices.
        #expect(carried["lists of conditional prices"] == 233)
        #expect(carried["match: equals"] == 3_155)
        #expect(carried["match: contains"] == 271)
        #expect(carried["match: ends_with"] == 21)
        #expect(carried["match: and"] == 3)
        // 176 and 71, of which the three in "and" are counted there.
        #expect(carried["match: starts_with"] == 173)
        #expect(carried["match: regex"] == 68)
        #expect(carried["prices of requests_kcount"] == 4)
        #expect(carried["prices of input_mchars"] == 4)
        #expect(carried["prices of output_reasoning_mtok"] == 2)
        #expect(carried["prices of output_citation_mtok"] == 1)
        let left = ImportTally.counts(catalog.tally.notCarried)
        // 229 variants, of which 28 say what the default tier costs: the same.
        #expect(left["variants of the standard tier, or of two"] == 28)
        #expect(left["units (their meters are known here)"] == 59)
        // 28 of the figures have the noise of a double, or are fractions.
        #expect(catalog.tally.mended.reduce(0) { $0 + $1.count } == 28)
        let free = carried["empty price sets of models that say free"] ?? 0
        let unknown =
            left["empty price sets that do not say free (unknown, and never 0)"] ?? 0
        #expect(free + unknown == 179)
        for shape in left.keys {
            #expect(!shape.hasPrefix("prices of "), "\(shape)")
            #expect(!shape.hasPrefix("match"), "\(shape)")
            #expect(!shape.hasPrefix("unknown fields"), "\(shape)")
            #expect(!shape.contains("cannot be read"), "\(shape)")
        }
    }

    @Test(.enabled(if: file != nil, "shared/catalogs is not beside the project"))
    func givesEveryModelWithAPriceALine() throws {
        let (catalog, plan) = try Self.plan.get()
        let url = try #require(Self.file)
        let root = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        let providers = try #require(root["providers"] as? [[String: Any]])
        var without = 0
        for (provider, channel) in zip(providers, catalog.channels) {
            let models = try #require(provider["models"] as? [[String: Any]])
            try #require(models.count == channel.models.count)
            for (model, read) in zip(models, channel.models) {
                let sets: [Any?] =
                    (model["prices"] as? [[String: Any]])?.map { $0["prices"] } ?? [model["prices"]]
                let isStated = sets.contains { ($0 as? [String: Any])?.isEmpty == false }
                if isStated { #expect(!read.lines.isEmpty, "\(channel.id)/\(read.id)") }
                if read.lines.isEmpty { without += 1 }
            }
        }
        let left = ImportTally.counts(catalog.tally.notCarried)
        #expect(without == left["empty price sets that do not say free (unknown, and never 0)"])
        // Every line is written, but for those that are listed.
        let lines = catalog.channels.reduce(0) { sum, channel in
            sum + channel.models.reduce(0) { $0 + $1.lines.count }
        }
        #expect(plan.count(.added) + plan.count(.heldBack) == lines)
        #expect(plan.changes.count == lines)
        for change in plan.changes where change.word == .heldBack {
            #expect(change.reason != nil)
        }
    }

    struct Price: Sendable, CustomTestStringConvertible {
        let channel: String
        let model: String
        let usage: KeyValuePairs<Meter, Int64>
        var at = "2026-11-22"
        var tier = "standard"
        let bill: String
        var testDescription: String { "\(channel)/\(model) \(tier) \(at)" }
    }

    // The figures are those of README.md beside the file.
    @Test(
        .enabled(if: file != nil, "shared/catalogs is not beside the project"),
        arguments: [
            // 2 + 0.5 + 8, and three searches of 10 a thousand.
            Price(
                channel: "openai", model: "gpt-4.1",
                usage: [
                    .input: 1_000_000, .cachedInput: 1_000_000, .output: 1_000_000, .webSearch: 3,
                ], bill: "10.53 USD"),
            // 1 + 0.5 + 4: batch leaves cached tokens as they are.
            Price(
                channel: "openai", model: "gpt-4.1",
                usage: [.input: 1_000_000, .cachedInput: 1_000_000, .output: 1_000_000],
                tier: "batch", bill: "5.50 USD"),
            Price(
                channel: "openai", model: "gpt-4.1", usage: [.input: 1_000_000], tier: "priority",
                bill: "3.50 USD"),
            // 0.3 + 1 + 0.03 + 0.1 + 2.5
            Price(
                channel: "google", model: "gemini-2.5-flash",
                usage: [
                    .input: 1_000_000, .audioInput: 1_000_000, .cachedInput: 1_000_000,
                    .cachedAudioInput: 1_000_000, .output: 1_000_000,
                ], bill: "3.93 USD"),
            // 00:30 to 16:30 is the day; outside it is half the price.
            Price(
                channel: "deepseek", model: "deepseek-chat", usage: [.input: 1_000_000],
                at: "2026-11-22T00:30:00Z", bill: "0.27 USD"),
            Price(
                channel: "deepseek", model: "deepseek-chat", usage: [.input: 1_000_000],
                at: "2026-11-22T16:30:00Z", bill: "0.135 USD"),
        ])
    func pricesWhatItsReadmeStates(given: Price) throws {
        let (_, plan) = try Self.plan.get()
        let book = try book(plan.files)
        #expect(
            try book.billed(
                given.usage, of: given.model, on: given.channel, at: given.at, tier: given.tier)
                == given.bill)
    }

    @Test(.enabled(if: file != nil, "shared/catalogs is not beside the project"))
    func changesNothingWhenItIsReadAgain() throws {
        let (catalog, plan) = try Self.plan.get()
        let again = try GenAICatalog.plan(catalog, on: "2026-11-24", beside: plan.files)
        #expect(again.files.isEmpty)
        // What was held back is told again, be it as a figure of the past that reads otherwise.
        #expect(again.changes.count + again.pastDiffers == plan.count(.heldBack))
    }
}
