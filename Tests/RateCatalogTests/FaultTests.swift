import ConfigFiles
import Pricing
import RateCatalog
import Testing

/// Each fault that the tables can have, provoked by a small file: where it is told and in which
/// words.
struct FaultTests {
    private typealias Small = SmallCatalog

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let files: [RateFile]
        /// What stands in the fault.
        let says: [String]
        /// Whether it is the only one: a file that cannot be read leaves others without what it
        /// holds.
        var isAlone = true
        var testDescription: String { name }
    }

    @Test func findsNoneInASoundCatalog() throws {
        let files = Small.files(
            Small.line("input: 2.00, cached_input: 0.50, output: 8.00"),
            Small.line("input: 1.00, output: 4.00", "service_tier: batch"),
            Small.line("input: 4.00, output: 12.00", "above: 200000"),
            Small.line("input: 1.80, output: 7.00", from: "2026-06-01"),
            Small.line("output: 1.60, web_search: 10.00 per 1k", model: "gpt-4.1-mini"))
        #expect(faults(files) == [])
        #expect(try CatalogReader.read(files).lines.count == 5)
    }

    // MARK: What a line says

    private static let lineCases = [
        Case(
            name: "missing source",
            files: [
                RateFile(name: "models/openai.yml", text: Small.models),
                RateFile(
                    name: "channels/openai.yml",
                    text: """
                        channel: openai
                        currency: USD
                        lines:
                          - model: gpt-4.1
                            valid_from: 2026-01-01
                            checked: 2026-11-22
                            rates: {output: 8}
                        """),
            ], says: ["channels/openai.yml:4: lines[0]: missing \"source\""]),
        Case(
            name: "missing checked",
            files: [
                RateFile(name: "models/openai.yml", text: Small.models),
                RateFile(
                    name: "channels/openai.yml",
                    text: """
                        channel: openai
                        currency: USD
                        lines:
                          - model: gpt-4.1
                            valid_from: 2026-01-01
                            source: https://example.com/prices
                            rates: {output: 8}
                        """),
            ], says: ["lines[0]: missing \"checked\""]),
        Case(
            name: "unknown meter", files: Small.files(Small.line("inptu: 2")),
            says: [
                "channels/openai.yml:8: lines[0].rates.inptu: no meter \"inptu\"; nearest: input"
            ]),
        Case(
            name: "an exponent", files: Small.files(Small.line("output: 8e-6")),
            says: ["lines[0].rates.output: \"8e-6\" is not a plain decimal"]),
        Case(
            name: "a comma", files: Small.files(Small.line("output: '8,00'")),
            says: ["\"8,00\" is not a plain decimal"]),
        Case(
            name: "a currency sign", files: Small.files(Small.line("output: $8")),
            says: ["\"$8\" is not a plain decimal"]),
        Case(
            name: "no number", files: Small.files(Small.line("output: NaN")),
            says: ["\"NaN\" is not a plain decimal"]),
        Case(
            name: "a negative rate", files: Small.files(Small.line("output: -8")),
            says: ["lines[0].rates.output", "out of range"]),
        Case(
            name: "nothing for a rate", files: Small.files(Small.line("output: ")),
            says: ["lines[0].rates.output: expected a text"]),
        Case(
            name: "no rates at all", files: Small.files(Small.line("")),
            says: ["lines[0].rates: a line without a rate"]),
        Case(
            name: "a rate twice", files: Small.files(Small.line("output: 8, output: 9")),
            says: ["channels/openai.yml:8: duplicate key \"output\""], isAlone: false),
        Case(
            name: "a fee without its unit", files: Small.files(Small.line("web_search: 10")),
            says: ["web_search is not counted in tokens; say per how many"]),
        Case(
            name: "a rate per nothing", files: Small.files(Small.line("web_search: 10 per 0")),
            says: ["lines[0].rates.web_search", "out of range"]),
        Case(
            name: "a rate per words", files: Small.files(Small.line("web_search: 10 per call")),
            says: ["\"10 per call\" is not a rate"]),
        Case(
            name: "unknown model", files: Small.files(Small.line("output: 8", model: "gpt-41")),
            says: ["channels/openai.yml:4: lines[0]: no model \"gpt-41\"; nearest: gpt-4.1"]),
        Case(
            name: "an alias for a model",
            files: Small.files(
                Small.line("output: 8", model: "openai/gpt-4.1"),
                models: Small.models
                    + "\n    aliases: [{name: openai/gpt-4.1, valid_from: 2026-01-01}]"),
            says: ["no model \"openai/gpt-4.1\""]),
        Case(
            name: "unknown key", files: Small.files(Small.line("output: 8", "teir: batch")),
            says: ["channels/openai.yml:9: lines[0].teir: unknown key \"teir\"", "nearest:"]),
        Case(
            name: "a day that does not exist",
            files: Small.files(Small.line("output: 8", from: "2026-02-29")),
            says: ["lines[0].valid_from: \"2026-02-29\" is not a date or an RFC 3339 time"]),
        Case(
            name: "an end before the start",
            files: Small.files(Small.line("output: 8", "valid_to: 2026-01-01")),
            says: ["lines[0].valid_to: ends before it begins"]),
        Case(
            name: "unlisted otherwise",
            files: Small.files(Small.line("output: 8", "unlisted: free")),
            says: ["\"free\" is not one of refused, inherit"]),
        Case(
            name: "another claim", files: Small.files(Small.line("output: 8", "claim: vendor")),
            says: ["\"vendor\" is not one of seller"]),
        Case(
            name: "a band that is no number",
            files: Small.files(Small.line("output: 8", "above: many")),
            says: ["lines[0].above: \"many\" is not a whole number"]),
        Case(
            name: "a meter with a minimum that nobody knows",
            files: Small.files(Small.line("output: 8", "minimum_units: {seconds: 10}")),
            says: ["lines[0].minimum_units.seconds: no meter \"seconds\""]),
        Case(
            name: "a window without hours",
            files: Small.files(Small.line("output: 8", "window: {zone: UTC}")),
            says: ["lines[0].window: missing \"hours\""]),
        Case(
            name: "hours that are none",
            files: Small.files(Small.line("output: 8", "window: {zone: UTC, hours: [\"8-9\"]}")),
            says: ["lines[0].window.hours[0]: \"8-9\" is not a span of hours"]),
        Case(
            name: "hours that begin and end together",
            files: Small.files(
                Small.line("output: 8", "window: {zone: UTC, hours: [\"08:00-08:00\"]}")),
            says: ["\"08:00-08:00\" is not a span of hours"]),
        Case(
            name: "weekdays backwards",
            files: Small.files(
                Small.line(
                    "output: 8", "window: {zone: UTC, weekdays: fri-mon, hours: [\"08:00-09:00\"]}")
            ),
            says: ["\"fri-mon\" is not a list of weekdays"]),
        Case(
            name: "currency in small letters",
            files: Small.files(Small.line("output: 8", "currency: usd")),
            says: ["lines[0].currency: \"usd\" is not a currency"]),
    ]

    // MARK: Two answers to one question

    private static let clashCases = [
        Case(
            name: "overlapping lines: one ends after the next begins",
            files: Small.files(
                Small.line("output: 8", "valid_to: 2026-07-01"),
                Small.line("output: 6", from: "2026-06-01")),
            says: [
                "channels/openai.yml:10: lines[1]: overlapping lines: one ends at 2026-07-01T00:00:00Z, after the next begins (channels/openai.yml:4)"
            ]),
        Case(
            name: "the same start",
            files: Small.files(Small.line("output: 8"), Small.line("output: 6")),
            says: [
                "lines[1]: a second line with the same conditions and the same valid_from",
                "corrects: L",
            ]),
        Case(
            name: "the same line",
            files: Small.files(Small.line("output: 8"), Small.line("output: 8.00")),
            says: ["lines[1]: the same line is there twice"], isAlone: false),
        Case(
            name: "equally specific attributes",
            files: Small.files(
                Small.line("output: 8", "when: {speed: fast}"),
                Small.line("output: 6", "when: {region: eu}")),
            says: ["lines[1]: overlapping lines: both apply to the same request, equally specific"]),
        Case(
            name: "overlapping windows",
            files: Small.files(
                Small.line("output: 8", "window: {zone: UTC, hours: [\"22:00-02:00\"]}"),
                Small.line(
                    "output: 6", "window: {zone: UTC, weekdays: sat, hours: [\"01:00-03:00\"]}")),
            says: ["overlapping lines: both apply to the same request, equally specific"]),
        Case(
            name: "a gap",
            files: Small.files(
                Small.line("output: 8", from: "2025-01-01", "valid_to: 2025-06-01"),
                Small.line("output: 6", from: "2025-07-01")),
            says: [
                "channels/openai.yml:10: lines[1]: a gap in the history of \"gpt-4.1\": nothing holds from 2025-06-01T00:00:00Z to 2025-07-01T00:00:00Z"
            ]),
        Case(
            name: "a band below the one under it",
            files: Small.files(
                Small.line("input: 3, output: 15"),
                Small.line("input: 6, output: 14", "above: 200000")),
            says: [
                "lines[1]: the band above 200000 charges output below the band under it (channels/openai.yml:4)"
            ]),
        Case(
            name: "a band below another band",
            files: Small.files(
                Small.line("input: 3"), Small.line("input: 6", "above: 128000"),
                Small.line("input: 5", "above: 256000")),
            says: ["lines[2]: the band above 256000 charges input below the band under it"]),
        Case(
            name: "per token instead of per million",
            files: Small.files(
                Small.line("output: 8"), Small.line("output: 1.6", model: "gpt-4.1-mini"),
                Small.line("output: 0.000004", from: "2026-06-01", "service_tier: batch")),
            says: ["lines[2]: output is 100× away from the channel's other rates"]),
        Case(
            name: "cents instead of dollars",
            files: Small.files(
                Small.line("output: 800"), Small.line("output: 1.6", model: "gpt-4.1-mini"),
                Small.line("output: 4", "service_tier: batch")),
            says: ["lines[0]: output is 100× away"]),
    ]

    // MARK: Models, channels and files

    private static let nameCases = [
        Case(
            name: "duplicate alias",
            files: Small.files(
                Small.line("output: 8"),
                models: """
                    vendor: openai
                    models:
                      - id: gpt-4.1
                        aliases: [{name: latest, valid_from: 2026-01-01, valid_to: 2026-06-01}]
                      - id: gpt-4.1-mini
                        aliases: [{name: latest, valid_from: 2026-05-31}]
                    """),
            says: [
                "models/openai.yml:5: models[1]: duplicate alias \"latest\": it stands for \"gpt-4.1\" at the same time"
            ]),
        Case(
            name: "an alias that is a model",
            files: Small.files(
                Small.line("output: 8"),
                models: Small.models + "\n    aliases: [{name: gpt-4.1, valid_from: 2026-01-01}]"),
            says: ["alias \"gpt-4.1\" is a model of its own"]),
        Case(
            name: "an alias without a day",
            files: Small.files(
                Small.line("output: 8"), models: Small.models + "\n    aliases: [{name: mini}]"),
            says: ["models[1].aliases[0]: missing \"valid_from\""]),
        Case(
            name: "an alias that ends before it begins",
            files: Small.files(
                Small.line("output: 8"),
                models: Small.models
                    + "\n    aliases: [{name: mini, valid_from: 2026-01-01, valid_to: 2025-01-01}]"),
            says: ["ends before it begins"]),
        Case(
            name: "duplicate model",
            files: Small.files(Small.line("output: 8"), models: Small.models + "\n  - id: gpt-4.1"),
            says: ["models/openai.yml:5: models[2]: model \"gpt-4.1\" is there twice"]),
        Case(
            name: "duplicate channel",
            files: Small.files(
                Small.line("output: 8"),
                and: [
                    RateFile(
                        name: "channels/zz.yml",
                        text: "channel: openai\ncurrency: USD\nlines:\n"
                            + Small.line("output: 9", model: "gpt-4.1-mini"))
                ]),
            says: ["channels/zz.yml:1: channel \"openai\" is there twice"]),
        Case(
            name: "capital letters in an id",
            files: Small.files(Small.line("output: 8"), models: Small.models + "\n  - id: GPT-5"),
            says: ["models[2].id: a model id is written in small letters"]),
        Case(
            name: "a vendor that sells nothing",
            files: Small.files(
                Small.line("output: 8"), models: Small.models + "\n  - {id: x, vendor: nobody}"),
            says: ["models[2]: its vendor \"nobody\" is no channel"]),
        Case(
            name: "a channel called direct",
            files: Small.files(
                Small.line("output: 8"),
                and: [Small.channel([Small.line("output: 8")], id: "direct")]),
            says: ["channel: \"direct\" stands for each model's own vendor"]),
        Case(
            name: "lines without a channel",
            files: Small.files(
                Small.line("output: 8"),
                and: [
                    RateFile(name: "zz.yml", text: "models: []\nlines:\n" + Small.line("output: 8"))
                ]),
            says: ["zz.yml", "lines: needs a channel"]),
        Case(
            name: "a file of nothing",
            files: Small.files(
                Small.line("output: 8"), and: [RateFile(name: "zz.yml", text: "name: x")]),
            says: ["zz.yml:1: holds neither models, nor a channel, nor exchange rates"]),
        Case(
            name: "a channel without a currency",
            files: Small.files(
                Small.line("output: 8"),
                and: [
                    RateFile(
                        name: "zz.yml", text: "channel: zz\nlines:\n" + Small.line("output: 8"))
                ]),
            says: ["zz.yml:1: missing \"currency\""]),
        Case(
            name: "a channel without lines",
            files: Small.files(
                Small.line("output: 8"),
                and: [RateFile(name: "zz.yml", text: "channel: zz\ncurrency: USD")]),
            says: ["zz.yml:1: a channel has lines or names of its own, or extends another"]),
        Case(
            name: "a settlement of nothing",
            files: Small.files(
                Small.line("output: 8"),
                and: [
                    RateFile(
                        name: "zz.yml",
                        text: """
                            channel: zz
                            currency: USD
                            settlement:
                              - {pays: 0 CNY, for: 1 USD, valid_from: 2026-01-01, source: x, checked: 2026-11-22}
                            lines:
                            \(Small.line("output: 8"))
                            """)
                ]),
            says: ["zz.yml:4: settlement[0]", "out of range"]),
        Case(
            name: "an exchange rate of zero",
            files: Small.files(
                Small.line("output: 8"),
                and: [
                    RateFile(
                        name: "fx.yml",
                        text: """
                            rates:
                              - {pair: USD/CNY, rate: 0, date: 2026-01-01, source: x, checked: 2026-11-22}
                            """)
                ]),
            says: ["fx.yml:2: rates[0]", "is not an exchange rate"]),
        Case(
            name: "half a pair",
            files: Small.files(
                Small.line("output: 8"),
                and: [
                    RateFile(
                        name: "fx.yml",
                        text: """
                            rates:
                              - {pair: USDCNY, rate: 7, date: 2026-01-01, source: x, checked: 2026-11-22}
                            """)
                ]),
            says: ["fx.yml:2: rates[0]", "two currencies such as USD/CNY"]),
    ]

    // MARK: Corrections and extensions

    private static let referenceCases = [
        Case(
            name: "corrects an unknown line",
            files: Small.files(Small.line("output: 8", "corrects: L0123456789abcdef")),
            says: [
                "channels/openai.yml:4: lines[0]: corrects \"L0123456789abcdef\", which is no line here; leave the wrong line in the file"
            ]),
        Case(
            name: "extends an unknown channel",
            files: Small.files(
                Small.line("output: 8"),
                and: [Small.extending("relay", "opnai", multiplier: "0.85", from: "2026-01-01")]),
            says: ["channels/relay.yml:1: extends \"opnai\", which is no channel"]),
        Case(
            name: "extends itself",
            files: Small.files(
                Small.line("output: 8"),
                and: [Small.extending("relay", "relay", multiplier: "0.85", from: "2026-01-01")]),
            says: ["channels/relay.yml:1: channel \"relay\" extends itself through \"relay\""]),
        Case(
            name: "extends without a multiplier",
            files: Small.files(
                Small.line("output: 8"),
                and: [
                    RateFile(
                        name: "channels/relay.yml",
                        text:
                            "channel: relay\nextends: openai\nvalid_from: 2026-01-01\nsource: x\nchecked: 2026-11-22"
                    )
                ]),
            says: ["channels/relay.yml:1: missing \"multiplier\""]),
        Case(
            name: "a multiplier of zero",
            files: Small.files(
                Small.line("output: 8"),
                and: [Small.extending("relay", "openai", multiplier: "0", from: "2026-01-01")]),
            says: ["multiplier: a multiplier is above 0 and at most 1000"]),
        Case(
            name: "a multiplier in percent",
            files: Small.files(
                Small.line("output: 8"),
                and: [Small.extending("relay", "openai", multiplier: "85%", from: "2026-01-01")]),
            says: ["multiplier: \"85%\" is not a plain decimal"]),
    ]

    @Test(arguments: lineCases + clashCases + nameCases + referenceCases)
    func tells(_ given: Case) {
        let faults = faults(given.files)
        #expect(faults.count == 1 || !given.isAlone, "\(faults)")
        #expect(
            faults.contains { fault in given.says.allSatisfy { fault.contains($0) } }, "\(faults)")
    }

    @Test func tellsACircleOfExtensions() {
        let files = Small.files(
            Small.line("output: 8"),
            and: [
                Small.extending("a", "b", multiplier: "0.9", from: "2026-01-01"),
                Small.extending("b", "a", multiplier: "0.9", from: "2026-01-01"),
            ])
        #expect(
            faults(files) == [
                "channels/a.yml:1: channel \"a\" extends itself through \"b\"",
                "channels/b.yml:1: channel \"b\" extends itself through \"a\"",
            ])
    }

    /// All faults come at once, in the order of the files and lines.
    @Test func tellsEveryFaultAtOnce() {
        let files = Small.files(
            Small.line("output: 8e0"), Small.line("inptu: 2", model: "gpt-4.1-mini"),
            Small.line("output: 8", model: "gpt-5"))
        let faults = faults(files)
        #expect(faults.count == 3)
        // By line, 8 before 13.
        #expect(faults.first?.hasPrefix("channels/openai.yml:8: ") == true)
        #expect(throws: Faults.self) { try CatalogReader.read(files) }
    }

    /// What only a careful editor would look at twice does not stop a catalog from loading.
    @Test func loadsWhatIsOnlyOdd() throws {
        let files = Small.files(
            Small.line("output: 8"), Small.line("output: 4", "above: 200000"))
        #expect(faults(files).count == 1)
        #expect(throws: Never.self) { try CatalogReader.read(files) }
    }

    @Test func leavesConfirmedLinesInPeace() {
        let why = "confirmed: the vendor publishes this figure"
        let band = Small.files(
            Small.line("output: 8"), Small.line("output: 4", "above: 200000", why))
        #expect(faults(band) == [])
        let far = Small.files(
            Small.line("output: 8"), Small.line("output: 1.6", model: "gpt-4.1-mini"),
            Small.line("output: 0.000004", "service_tier: batch", why))
        #expect(faults(far) == [])
    }

    @Test func allowsWhatDoesNotClash() {
        let files = Small.files(
            Small.line("output: 8", "valid_to: 2026-06-01"),
            // It ends where the next begins; another tier, band, currency and model have their own
            // history.
            Small.line("output: 6", from: "2026-06-01"),
            Small.line("output: 4", "service_tier: batch"),
            Small.line("output: 56", "currency: CNY"),
            Small.line("output: 9", "above: 200000"),
            Small.line("output: 8", "when: {speed: fast}", "service_tier: batch"),
            Small.line("output: 7", "when: {speed: slow}", "service_tier: batch"),
            Small.line(
                "output: 3", "window: {zone: UTC, hours: [\"01:00-04:00\", \"06:00-10:00\"]}"),
            Small.line("output: 2", "window: {zone: UTC, hours: [\"04:00-06:00\"]}"))
        #expect(faults(files) == [])
    }

    /// An alias may move from one model to another, as long as it stands for one at a time.
    @Test func allowsAnAliasThatMoves() throws {
        let files = Small.files(
            Small.line("output: 8"),
            models: """
                vendor: openai
                models:
                  - id: gpt-4.1
                    aliases: [{name: latest, valid_from: 2026-01-01, valid_to: 2026-06-01}]
                  - id: gpt-4.1-mini
                    aliases: [{name: latest, valid_from: 2026-06-01}]
                """)
        #expect(faults(files) == [])
        let book = try book(files)
        #expect(
            try book.model(named: "latest", at: .at("2026-05-31T23:59:59.999Z")).id == "gpt-4.1")
        #expect(try book.model(named: "latest", at: .at("2026-06-01")).id == "gpt-4.1-mini")
    }
}
