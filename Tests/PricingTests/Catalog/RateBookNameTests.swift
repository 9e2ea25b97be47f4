import Pricing
import Testing

/// Models by id, alias and pattern, and channels by id and as `direct`.
struct RateBookNameTests {
    private static let time = Timestamp.day("2026-06-15")

    private let book: RateBook

    init() throws {
        func named(_ text: String, _ from: String, _ to: String? = nil) -> DatedName {
            DatedName(text: text, validFrom: .day(from), validTo: to.map { Timestamp.day($0) })
        }
        let models = [
            Model(
                id: "gpt-4.1", name: "GPT-4.1", vendor: "openai",
                aliases: [named("openai/gpt-4.1", "2025-04-14")],
                patterns: [named("gpt-4.1-20??-??-??", "2025-04-14")]),
            Model(
                id: "deepseek-v3.1", name: "DeepSeek-V3.1", vendor: "deepseek",
                aliases: [
                    named("deepseek-chat", "2025-08-21", "2025-09-29"),
                    named("old-seek", "2025-01-01", "2025-08-21"),
                ]),
            Model(
                id: "deepseek-v3.2", name: "DeepSeek-V3.2", vendor: "deepseek",
                aliases: [named("deepseek-chat", "2025-09-29", "2026-04-24")],
                patterns: [named("deepseek-*", "2026-04-24")]),
            Model(
                id: "one", name: "One", vendor: "openai",
                patterns: [named("shared-*", "2026-01-01")]),
            Model(
                id: "two", name: "Two", vendor: "openai",
                patterns: [named("*-model", "2026-01-01"), named("two-*", "2026-01-01")]),
            Model(
                id: "flash", name: "Flash", vendor: "openai",
                patterns: [
                    DatedName(
                        text: "flash-#*", validFrom: .day("2026-01-01"),
                        except: ["*-tts", "*-tts-*"])
                ]),
            Model(id: "lost", name: "Lost", vendor: "nobody"),
        ]
        book = PricingTests.book(
            [
                try line("gpt", from: "2025-01-01", rates: [.output: "8"]),
                try line(
                    "v3.1", model: "deepseek-v3.1", channel: "deepseek", from: "2025-01-01",
                    rates: [.output: "1.68"]),
                try line(
                    "v3.2", model: "deepseek-v3.2", channel: "deepseek", from: "2025-01-01",
                    rates: [.output: "0.42"]),
                try line(
                    "relayed", channel: "holysheep", from: "2025-01-01", rates: [.output: "8"]),
            ], models: models)
    }

    @Test func aPatternLeavesOutWhatItExcepts() throws {
        #expect(try book.model(named: "flash-2.5-preview", at: Self.time).id == "flash")
        for name in ["flash-2.5-tts", "flash-2.5-tts-preview", "flash-lite"] {
            #expect(throws: PricingError.self) { try book.model(named: name, at: Self.time) }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let day: String
        let id: String
        var testDescription: String { "\(name) on \(day)" }
    }

    @Test(arguments: [
        Case(name: "gpt-4.1", day: "2026-06-15", id: "gpt-4.1"),
        // An id always means its model, before every date.
        Case(name: "gpt-4.1", day: "1999-01-01", id: "gpt-4.1"),
        Case(name: "GPT-4.1", day: "2026-06-15", id: "gpt-4.1"),
        Case(name: "openai/gpt-4.1", day: "2026-06-15", id: "gpt-4.1"),
        Case(name: "OpenAI/GPT-4.1", day: "2026-06-15", id: "gpt-4.1"),
        Case(name: "gpt-4.1-2025-04-14", day: "2026-06-15", id: "gpt-4.1"),
        Case(name: "GPT-4.1-2025-04-14", day: "2026-06-15", id: "gpt-4.1"),
        // Spaces around a name are a slip of the copy.
        Case(name: " gpt-4.1\t", day: "2026-06-15", id: "gpt-4.1"),
        // An alias that moves by date.
        Case(name: "deepseek-chat", day: "2025-08-21", id: "deepseek-v3.1"),
        Case(name: "deepseek-chat", day: "2025-09-28", id: "deepseek-v3.1"),
        Case(name: "deepseek-chat", day: "2025-09-29", id: "deepseek-v3.2"),
        Case(name: "deepseek-chat", day: "2026-04-23", id: "deepseek-v3.2"),
        // When no alias holds any more, the patterns are asked.
        Case(name: "deepseek-chat", day: "2026-04-24", id: "deepseek-v3.2"),
        Case(name: "shared-thing", day: "2026-06-15", id: "one"),
        // Two patterns of one model are no conflict.
        Case(name: "two-model", day: "2026-06-15", id: "two"),
    ])
    func resolves(_ given: Case) throws {
        #expect(try book.model(named: given.name, at: .day(given.day)).id == given.id)
    }

    @Test(arguments: [
        Case(name: "deepseek-chat", day: "2025-08-20", id: ""),
        Case(name: "shared-thing", day: "2025-12-31", id: ""),
        Case(name: "gpt-4.1-mini-2025-04-14", day: "2026-06-15", id: ""),
        Case(name: "gpt-4.1-", day: "2026-06-15", id: ""),
        Case(name: "", day: "2026-06-15", id: ""),
        Case(name: "ft:gpt-4.1-2025-04-14", day: "2026-06-15", id: ""),
    ])
    func refusesUnknownNames(_ given: Case) {
        #expect {
            try book.model(named: given.name, at: .day(given.day))
        } throws: { error in
            guard
                case PricingError.unknownModel(given.name, let nearest, _)? = error as? PricingError
            else { return false }
            return nearest.count == 3
        }
    }

    @Test func namesTheNearestModels() {
        #expect(
            throws: PricingError.unknownModel(
                "deepseek-v3.3", nearest: ["deepseek-v3.1", "deepseek-v3.2", "gpt-4.1"])
        ) {
            try book.model(named: "deepseek-v3.3", at: .day("2026-01-01"))
        }
    }

    @Test func saysSinceWhenANameStandsForNothing() {
        #expect {
            try book.model(named: "old-seek", at: Self.time)
        } throws: { error in
            "\(error)".hasPrefix("no model \"old-seek\" since 2025-08-21; nearest: ")
        }
        #expect {
            try book.model(named: "old-seek", at: .day("2024-12-31"))
        } throws: { error in
            "\(error)".hasPrefix("no model \"old-seek\"; nearest: ")
        }
    }

    /// What holds the name comes before what is merely as many letters away.
    @Test func aNameThatHoldsTheOtherIsNearer() {
        let candidates = ["llama-4", "meta-llama/Llama-3.2-3B-Instruct", "qwen3", "glm-3.2"]
        #expect(
            NearestNames.find("llama3.2", among: candidates, limit: 1) == [
                "meta-llama/Llama-3.2-3B-Instruct"
            ])
        #expect(NearestNames.find("qwem3", among: candidates, limit: 1) == ["qwen3"])
    }

    @Test func refusesANameThatTwoPatternsMatch() {
        #expect(
            throws: PricingError.ambiguousModel("shared-model", candidates: ["one", "two"])
        ) {
            try book.model(named: "shared-model", at: Self.time)
        }
    }

    /// An unknown model is never free.
    @Test func neverPricesAnUnknownModel() throws {
        let usage = try Usage([.output: 1])
        #expect(throws: PricingError.self) {
            try book.price(usage, purchase("gpt-5", on: "direct"))
        }
    }

    @Test func directIsTheModelsVendor() throws {
        let usage = try Usage([.output: 1_000_000])
        #expect(try book.price(usage, purchase(on: "direct")).channel.id == "openai")
        let chat = try book.price(
            usage, purchase("deepseek-chat", on: "direct", at: "2025-12-01T00:00:00Z"))
        #expect(chat.channel.id == "deepseek")
        #expect(chat.billedText == "0.42 USD")
        #expect(Purchase(model: "gpt-4.1", at: Self.time).channel == "direct")
    }

    @Test func refusesUnknownChannelsAndModelsNotSoldThere() throws {
        let usage = try Usage([.output: 1])
        #expect {
            try book.price(usage, purchase(on: "holisheep"))
        } throws: { error in
            guard case PricingError.unknownChannel(_, let nearest)? = error as? PricingError else {
                return false
            }
            return nearest.first == "holysheep"
        }
        #expect(throws: PricingError.self) { try book.price(usage, purchase("lost", on: "direct")) }
        #expect(
            throws: PricingError.notSold(
                model: "deepseek-v3.2", channel: "holysheep", soldOn: ["deepseek"])
        ) {
            try book.price(usage, purchase("deepseek-v3.2", on: "holysheep"))
        }
        #expect(throws: Never.self) { try book.requireChannel("direct") }
        #expect(throws: Never.self) { try book.requireChannel("holysheep") }
        #expect(throws: PricingError.self) { try book.requireChannel("Direct") }
        #expect(book.channels(selling: "gpt-4.1") == ["holysheep", "openai"])
        #expect(book.channels(selling: "nothing") == [])
        #expect(book.isSold("gpt-4.1", on: "openai"))
        #expect(!book.isSold("gpt-4.1", on: "deepseek"))
    }

    @Test func datedNamesAreHalfOpen() {
        let name = DatedName(text: "a", validFrom: .day("2026-01-01"), validTo: .day("2026-02-01"))
        let next = DatedName(text: "a", validFrom: .day("2026-02-01"))
        #expect(name.holds(at: .day("2026-01-01")))
        #expect(!name.holds(at: .day("2026-02-01")))
        #expect(next.holds(at: .day("2026-02-01")))
        #expect(!name.overlaps(next) && !next.overlaps(name))
        let early = DatedName(text: "a", validFrom: .at("2026-01-31T23:59:59.999Z"))
        #expect(name.overlaps(early) && early.overlaps(name))
    }
}
