import ConfigFiles
import Pricing
import RateCatalog
import Testing

struct CatalogReaderTests {
    private typealias Small = SmallCatalog

    @Test func readsARateAsItIsPublished() throws {
        let book = try book(
            Small.files(
                Small.line(
                    "output: 8.00, web_search: 10.00 per 1k, audio_input_milliseconds: 0.04 per 3.6M, input: free, request: 0.005 per 1"
                )))
        // 3 · 10 ÷ 1000 = 0.03 ; 900,000 · 0.04 ÷ 3,600,000 = 0.01 ; 7 · 0.005 = 0.035
        #expect(try book.billed([.webSearch: 3], of: "gpt-4.1") == "0.03 USD")
        #expect(try book.billed([.audioInputMilliseconds: 900_000], of: "gpt-4.1") == "0.01 USD")
        #expect(try book.billed([.request: 7], of: "gpt-4.1") == "0.035 USD")
        #expect(try book.billed([.input: 1_000_000], of: "gpt-4.1") == "0.00 USD")
        #expect(try book.billed([.output: 10_000_000], of: "gpt-4.1") == "80.00 USD")
    }

    @Test func readsConditions() throws {
        let book = try book(
            Small.files(
                Small.line("output: 8", "when: {speed: fast}", "above: 200k", "above_output: 1k"),
                Small.line("output: 6", "unlisted: inherit", "minimum_units: {output: 100}"),
                Small.line(
                    "output: 4",
                    "window: {zone: Asia/Shanghai, weekdays: 'mon-fri,sun', hours: [\"09:00-12:00\"]}"
                )))
        let lines = book.standingLines.map(\.line)
        #expect(
            Set(lines.map(\.conditions.text)) == [
                "", "above=200000 above_output=1000 when.speed=fast",
                "window=Asia/Shanghai/mon,tue,wed,thu,fri,sun/09:00:00-12:00:00",
            ])
        // At least 100 units, and reasoning takes the output rate: 100 · 6 + 5 · 6 = 630
        // millionths.
        #expect(try book.billed([.output: 1, .reasoning: 5], of: "gpt-4.1") == "0.00063 USD")
        // 2026-06-15 is a Monday: 01:00 UTC is 09:00 there. 100,000 · 4 ÷ 10⁶ = 0.4
        #expect(
            try book.billed([.output: 100_000], of: "gpt-4.1", at: "2026-06-15T01:00:00Z")
                == "0.40 USD")
        #expect(
            try book.billed([.output: 100_000], of: "gpt-4.1", at: "2026-06-13T01:00:00Z")
                == "0.60 USD")
    }

    @Test func keepsWhatStandsBesideALine() throws {
        let catalog = try CatalogReader.read(
            Small.files(
                Small.line(
                    "output: 8", "claim: seller", "note: as told", "allowance: 1500 a day",
                    "valid_to: 2026-12-31", "confirmed: yes, really")))
        let entry = try #require(catalog.lines.first)
        #expect(entry.publication.claim == "seller")
        #expect(entry.publication.source == "https://example.com/prices")
        #expect(entry.publication.checked.text == "2026-11-22")
        #expect(entry.note == "as told")
        #expect(entry.allowance == "1500 a day")
        #expect(entry.confirmed == "yes, really")
        #expect(entry.validTo == .at("2026-12-31"))
        #expect(entry.origin == "channels/openai.yml:4")
        #expect(catalog.date?.text == "2026-11-22")
    }

    @Test func readsExchangeRates() throws {
        let fx = RateFile(
            name: "fx.yml",
            text: """
                rates:
                  - {pair: USD/CNY, rate: 7.0064, date: 2026-01-15, source: PBOC, checked: 2026-11-22}
                """)
        let rate = try #require(
            try CatalogReader.read(Small.files(Small.line("output: 8"), and: [fx])).exchangeRates
                .first)
        #expect(rate.rateText == "7.0064")
        #expect(rate.date?.text == "2026-01-15")
        #expect(rate.source == "PBOC")
    }

    @Test func settlesAsTheFileSays() throws {
        let relay = RateFile(
            name: "channels/relay.yml",
            text: """
                channel: relay
                currency: USD
                settlement:
                  - {pays: 1 CNY, for: 1 USD, valid_from: 2026-01-01, source: x, checked: 2026-11-22, claim: seller}
                lines:
                \(Small.line("output: 8"))
                """)
        let book = try book(Small.files(Small.line("output: 8"), and: [relay]))
        let priced = try book.price(
            Usage([.output: 10_000_000]),
            Purchase(model: "gpt-4.1", channel: "relay", at: .at("2026-06-15")))
        #expect(priced.cost.billed.money.amountText == "80.00")
        #expect(priced.cost.settled.money == (try Money("80", .cny)))
    }

    // MARK: Identity

    private func id(_ lines: String...) throws -> String {
        let files = [
            RateFile(name: "models/openai.yml", text: Small.models), Small.channel(lines),
        ]
        return try #require(try CatalogReader.read(files).lines.last).line.id
    }

    @Test func anIDIsOfTheContent() throws {
        let base = try id(Small.line("input: 2, output: 8"))
        #expect(base.first == "L")
        #expect(base.count == 17)
        // Spelling, order, and where the file puts it change nothing.
        #expect(try id(Small.line("output: 8.00, input: 2.0")) == base)
        #expect(try id(Small.line("output: 8 per 1M, input: 2")) == base)
        #expect(try id(Small.line("input: 2, output: 8", from: "2026-01-01T00:00:00Z")) == base)
        #expect(try id(Small.line("input: 2, output: 8", "service_tier: standard")) == base)
        #expect(try id(Small.line("input: 2, output: 8", "unlisted: refused")) == base)
        #expect(
            try id(
                Small.line("output: 1", model: "gpt-4.1-mini"), Small.line("input: 2, output: 8"))
                == base)
        // Its end, its source and what is said beside it are rows of their own.
        for extra in [
            "valid_to: 2026-12-31", "note: x", "claim: seller", "allowance: x", "confirmed: x",
        ] {
            #expect(try id(Small.line("input: 2, output: 8", extra)) == base, "\(extra)")
        }
        let other = Small.line("input: 2, output: 8")
            .split(separator: "\n").map { line in
                line.contains("source:")
                    ? "    source: another page"
                    : line.contains("checked:") ? "    checked: 2026-12-01" : String(line)
            }.joined(separator: "\n")
        #expect(try id(other) == base)
    }

    @Test func anIDChangesWithAnyContent() throws {
        let others = [
            try id(Small.line("input: 2, output: 8")),
            try id(Small.line("input: 2, output: 8.01")),
            try id(Small.line("input: 2, reasoning: 8")),
            try id(Small.line("input: 2, output: 8, reasoning: 8")),
            try id(Small.line("input: 8, output: 2")),
            try id(Small.line("input: 2, output: 8 per 1k")),
            try id(Small.line("input: 2, output: 0.008 per 1k")),
            try id(Small.line("input: 2, output: 8", model: "gpt-4.1-mini")),
            try id(Small.line("input: 2, output: 8", from: "2026-01-02")),
            try id(Small.line("input: 2, output: 8", from: "2026-01-01T00:00:00.001Z")),
            try id(Small.line("input: 2, output: 8", "currency: CNY")),
            try id(Small.line("input: 2, output: 8", "service_tier: batch")),
            try id(Small.line("input: 2, output: 8", "above: 200000")),
            try id(Small.line("input: 2, output: 8", "above_output: 200000")),
            try id(Small.line("input: 2, output: 8", "when: {speed: fast}")),
            try id(Small.line("input: 2, output: 8", "when: {speed: slow}")),
            try id(Small.line("input: 2, output: 8", "unlisted: inherit")),
            try id(Small.line("input: 2, output: 8", "minimum_units: {output: 1}")),
            try id(Small.line("input: 2, output: 8", "minimum_units: {output: 2}")),
            try id(
                Small.line("input: 2, output: 8", "window: {zone: UTC, hours: [\"01:00-02:00\"]}")),
            try id(
                Small.line(
                    "input: 2, output: 8",
                    "window: {zone: UTC, weekdays: mon, hours: [\"01:00-02:00\"]}")),
            try id(
                Small.line(
                    "input: 2, output: 8", "window: {zone: Asia/Shanghai, hours: [\"01:00-02:00\"]}"
                )),
        ]
        #expect(Set(others).count == others.count)
    }

    /// Two lines that mean different requests may not share an id, or one would hide the other in a
    /// ledger.
    @Test func anAttributeIsNoTierInAnID() throws {
        let (tier, attribute) = (
            try id(Small.line("output: 4", "service_tier: batch")),
            try id(Small.line("output: 4", "when: {tier: batch}"))
        )
        #expect(tier != attribute)
    }

    /// Ids are in ledgers: this one never changes. SHA-256 of the text below, first 16 digits:
    /// printf 'line/1\nopenai\ngpt-4.1\nUSD\n\n2026-01-01T00:00:00Z\nrefused\ninput 2 per
    /// 1000000\noutput 8 per 1000000' | sha256sum
    @Test func anIDIsAsItAlwaysWas() throws {
        #expect(try id(Small.line("input: 2, output: 8")) == "L9f7ef365ba9377e4")
    }

    @Test func aDigestIsOfTheTexts() throws {
        let files = Small.files(Small.line("output: 8"))
        let digest = CatalogReader.digest(of: files)
        #expect(digest.count == 64)
        #expect(digest == CatalogReader.digest(of: files.reversed()))
        #expect(digest == (try CatalogReader.read(files).digest))
        #expect(try CatalogReader.read(files.reversed()).digest == digest)
        #expect(try CatalogReader.read(files).shortDigest == String(digest.prefix(12)))
        #expect(digest != CatalogReader.digest(of: Small.files(Small.line("output: 8.0"))))
        // A letter moved from a name to a text, or from one file to the next, is another catalog.
        let one = [RateFile(name: "a", text: "bc"), RateFile(name: "d", text: "")]
        #expect(
            CatalogReader.digest(of: one)
                != CatalogReader.digest(of: [
                    RateFile(name: "ab", text: "c"), RateFile(name: "d", text: ""),
                ]))
        #expect(
            CatalogReader.digest(of: one)
                != CatalogReader.digest(of: [RateFile(name: "a", text: "bcd")]))
        // SHA-256 of nothing.
        #expect(
            CatalogReader.digest(of: [])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    // MARK: Corrections

    @Test func aCorrectionWithdrawsALine() throws {
        let wrong = Small.line("output: 80")
        let wrongID = try id(wrong)
        let files = Small.files(wrong, Small.line("output: 8", "corrects: \(wrongID)"))
        #expect(faults(files) == [])
        let book = try book(files)
        #expect(book.catalog.lines.count == 2)
        #expect(book.standingLines.count == 1)
        #expect(try book.billed([.output: 1_000_000], of: "gpt-4.1") == "8.00 USD")
    }

    @Test func aCorrectionStaysWithItsModel() throws {
        let wrong = Small.line("output: 80")
        let files = Small.files(
            wrong, Small.line("output: 8", model: "gpt-4.1-mini", "corrects: \(try id(wrong))"))
        #expect(faults(files).count == 1)
        #expect(
            faults(files).first?.contains("corrects a line of another channel or model") == true)
    }

    @Test func refusesTwoLinesThatCorrectEachOther() throws {
        let (one, other) = (try id(Small.line("output: 80")), try id(Small.line("output: 8")))
        let files = Small.files(
            Small.line("output: 80", "corrects: \(other)"),
            Small.line("output: 8", "corrects: \(one)"))
        #expect(!faults(files).isEmpty)
    }

    @Test func refusesALineThatCorrectsItself() throws {
        let files = Small.files(
            Small.line("output: 8", "corrects: \(try id(Small.line("output: 8")))"))
        #expect(!faults(files).isEmpty)
    }
}
