import Pricing
import RateCatalog
import Testing

/// The shapes of genai-prices, one by one, in small catalogs made by hand.
struct GenAIShapesTests {
    /// The lines of one model, and what became of the shapes.
    private func read(
        _ model: String, provider: String = "maker"
    ) throws -> (model: ImportedModel, tally: ImportTally) {
        let text = """
            {"source": "genai-prices 0.0.0", "providers": [{"id": "\(provider)", "name": "P", "models": [
            {"id": "m", "match": {"equals": "m"}, \(model)}]}]}
            """
        let catalog = try GenAIPricesImporter.read(Array(text.utf8))
        return (try #require(catalog.channels.first?.models.first), catalog.tally)
    }

    /// `above=200000 since 2026-01-01: input 6, output 22.5`, a text a line.
    private func lines(_ model: String) throws -> [String] {
        try read(model).model.lines.map { line in
            let rates = line.rates.pairs.map { meter, rate in
                let per =
                    rate.quotedUnits == 1_000_000 ? "" : " per \(Count.exact(rate.quotedUnits))"
                return "\(meter.name) \(DecimalText.text(rate.quote.attos))\(per)"
            }
            let words = [
                line.conditions.text, line.validFrom.map { "since \($0.dayOrText)" },
                line.validTo.map { "until \($0.dayOrText)" },
            ].compactMap(\.self).filter { !$0.isEmpty }
            return (words + [rates.joined(separator: ", ")]).joined(separator: " | ")
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let model: String
        let lines: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(
            name: "plain prices of several kinds",
            model: """
                "prices": {"input_mtok": "2", "cache_read_mtok": "0.5", "output_mtok": "8",
                "web_searches_kcount": "10", "audio_hours": "0.36", "input_mchars": "15"}
                """,
            lines: [
                "input 2, cached_input 0.5, output 8, web_search 10 per 1k, character_input 15, audio_milliseconds 0.36 per 3.6M"
            ]),
        Case(
            name: "a tier moves what it names, and the rest keeps its price",
            model: """
                "prices": {"input_mtok": {"base": "3", "tiers": [{"start": 200000, "price": "6"}]},
                "output_mtok": "15"}
                """,
            lines: ["input 3, output 15", "above=200000 | input 6, output 15"]),
        Case(
            name: "two tiers, of which each starts where it says",
            model: """
                "prices": {"input_mtok": {"base": "1", "tiers": [{"start": 199999, "price": "2"},
                {"start": 512000, "price": "4"}]}}
                """,
            lines: ["input 1", "above=199999 | input 2", "above=512000 | input 4"]),
        Case(
            name: "dates",
            model: """
                "prices": [{"prices": {"input_mtok": "10"}},
                {"constraint": {"start_date": "2025-06-10"}, "prices": {"input_mtok": "2"}}]
                """,
            lines: ["input 10", "since 2025-06-10 | input 2"]),
        Case(
            name: "hours that cross midnight, behind dates, hold before them too",
            model: """
                "prices": [{"prices": {"input_mtok": "1"}},
                {"constraint": {"start_date": "2026-09-10"}, "prices": {"input_mtok": "2"}},
                {"constraint": {"start_time": "16:30:00+00:00", "end_time": "00:30:00+00:00"},
                "prices": {"input_mtok": "0.5"}}]
                """,
            lines: [
                "input 1", "since 2026-09-10 | input 2",
                "window=UTC/every-day/16:30:00-00:30:00 | input 0.5",
            ]),
        Case(
            name: "hours before a date end with it",
            model: """
                "prices": [{"prices": {"input_mtok": "1"}},
                {"constraint": {"start_time": "01:00:00+00:00", "end_time": "02:00:00+00:00"},
                "prices": {"input_mtok": "0.5"}},
                {"constraint": {"start_date": "2026-09-10"}, "prices": {"input_mtok": "2"}}]
                """,
            lines: [
                "input 1", "since 2026-09-10 | input 2",
                "window=UTC/every-day/01:00:00-02:00:00 | until 2026-09-10 | input 0.5",
            ]),
        Case(
            name: "a variant is merged over the line, band by band, from its day on",
            model: """
                "prices": {"input_mtok": {"base": "3", "tiers": [{"start": 200000, "price": "6"}]},
                "cache_read_mtok": "0.3", "output_mtok": "15"},
                "price_variants": [{"when": {"processing": "batch"}, "constraint": {"start_date": "2026-10-14"},
                "prices": {"input_mtok": {"base": "1.5", "tiers": [{"start": 200000, "price": "3"}]}, "output_mtok": "7.5"}}]
                """,
            lines: [
                "input 3, cached_input 0.3, output 15",
                "above=200000 | input 6, cached_input 0.3, output 15",
                "tier=batch | since 2026-10-14 | input 1.5, cached_input 0.3, output 7.5",
                "tier=batch above=200000 | since 2026-10-14 | input 3, cached_input 0.3, output 7.5",
            ]),
        Case(
            name: "of two variants of one kind the first that holds counts, key by key",
            model: """
                "prices": {"input_mtok": "8", "output_mtok": "16"},
                "price_variants": [
                {"when": {"service_tier": "flex"}, "constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": "3"}},
                {"when": {"service_tier": "flex"}, "constraint": {"start_date": "2026-10-15"}, "prices": {"input_mtok": "4", "output_mtok": "9"}}]
                """,
            lines: [
                "input 8, output 16", "tier=flex | since 2026-10-15 | input 4, output 9",
                "tier=flex | since 2027-01-01 | input 3, output 9",
            ]),
        Case(
            name: "other attributes are asked of the request; the default tier is the standard one",
            model: """
                "prices": {"input_mtok": "5"}, "price_variants": [
                {"when": {"speed": "fast"}, "prices": {"input_mtok": "30"}},
                {"when": {"service_tier": "default"}, "prices": {}}]
                """,
            lines: ["input 5", "when.speed=fast | input 30"]),
        Case(
            name: "an empty price set says free only in words",
            model: #""price_comments": "Free of charge, with no paid tier.", "prices": {}"#,
            lines: ["input 0, output 0"]),
        Case(
            name: "else it is unknown, and never 0", model: #""prices": {}"#, lines: []),
    ])
    func readsEveryShape(given: Case) throws {
        #expect(try lines(given.model) == given.lines)
    }

    /// 199,999 and 200,000 as the source writes the edge either way.
    @Test func keepsTheEdgeOfABandAsItIsWritten() throws {
        for (start, last) in [(200_000, 200_000), (199_999, 199_999)] {
            let text = """
                {"providers": [{"id": "maker", "models": [{"id": "m", "match": {"equals": "m"}, "prices":
                {"input_mtok": {"base": "1", "tiers": [{"start": \(start), "price": "2"}]}, "cache_read_mtok": "1"}}]}]}
                """
            let options = ImportPlan.Options(date: CivilDate(daysSinceEpoch: 20_780))
            let plan = try ImportPlan(
                try GenAIPricesImporter.read(Array(text.utf8)), from: "genai-prices", beside: [],
                options)
            let book = RateBook(try CatalogReader.read(plan.files), zones: UTCOnly())
            for total in [199_999, 200_000, 200_001] {
                // Cached tokens count for the band.
                let usage = try Usage([.input: Int64(total - 100), .cachedInput: 100])
                let purchase = Purchase(
                    model: "m", channel: "maker", at: Timestamp(milliseconds: 1_795_348_800_000))
                let line = try book.price(usage, purchase).line
                let isAbove = total > last
                #expect((line.conditions.aboveInput != nil) == isAbove, "\(start) at \(total)")
            }
        }
    }

    @Test func namesWhatItDoesNotCarry() throws {
        let (_, tally) = try read(
            """
            "context_window": 1, "description": "d", "deprecated": true, "odd": 1,
            "prices": {"input_mtok": "0.18000000000000002", "code_executions_kmonths": "3"}
            """)
        let left = Dictionary(
            tally.notCarried.map { ($0.shape, $0.count) }, uniquingKeysWith: { one, _ in one })
        #expect(left["context windows"] == 1)
        #expect(left["descriptions"] == 1)
        #expect(left["marks of retired models (not the end of a price)"] == 1)
        #expect(left["unknown fields of a model: odd"] == 1)
        #expect(left["prices of code_executions_kmonths"] == 1)
        #expect(tally.mended.map(\.shape) == ["float noise, made clean"])
        #expect(tally.mended.first?.examples == ["maker/m: 0.18000000000000002"])
    }

    struct Clause: Sendable, CustomTestStringConvertible {
        let clause: String
        var names: [String] = []
        var globs: [String] = []
        var except: [String] = []
        var testDescription: String { clause }
    }

    @Test(arguments: [
        Clause(clause: #"{"equals": "GPT-4"}"#, names: ["gpt-4"]),
        Clause(clause: #"{"starts_with": "gpt-4"}"#, globs: ["gpt-4*"]),
        Clause(clause: #"{"ends_with": "-x"}"#, globs: ["*-x"]),
        Clause(clause: #"{"contains": "o4"}"#, globs: ["*o4*"]),
        Clause(
            clause: #"{"or": [{"equals": "a"}, {"starts_with": "b"}]}"#, names: ["a"], globs: ["b*"]
        ),
        Clause(
            clause: #"{"regex": "^gpt-6\\.1-\\d{4}-\\d{2}-\\d{2}$"}"#, globs: ["gpt-6.1-####-##-##"]
        ),
        Clause(
            clause: #"{"regex": "^claude-opus-5[-@]\\d{8}$"}"#,
            globs: ["claude-opus-5-########", "claude-opus-5@########"]),
        Clause(clause: #"{"regex": "^gemini-4-\\d"}"#, globs: ["gemini-4-#*"]),
        Clause(
            clause: #"{"regex": "^(t/)?jev-1\\.13(-\\d{2})?$"}"#,
            names: ["jev-1.13", "t/jev-1.13"],
            globs: ["jev-1.13-##", "t/jev-1.13-##"]),
        Clause(clause: #"{"regex": "^c-2\\.5\\[fast=true\\]$"}"#, names: ["c-2.5[fast=true]"]),
        Clause(
            clause:
                #"{"and": [{"starts_with": "g-2.5"}, {"regex": "^(?!.*-[tT][tT][sS](?:$|-))"}]}"#,
            globs: ["g-2.5*"], except: ["*-tts", "*-tts-*"]),
        // What no glob says is left out, and told.
        Clause(clause: #"{"regex": "^a+b$"}"#), Clause(clause: #"{"regex": "^a(?=b)"}"#),
        Clause(clause: #"{"sounds_like": "a"}"#),
    ])
    func readsMatchClauses(given: Clause) throws {
        let text = """
            {"providers": [{"id": "maker", "models": [{"id": "m", "match": \(given.clause), "prices": {}}]}]}
            """
        let catalog = try GenAIPricesImporter.read(Array(text.utf8))
        let model = try #require(catalog.channels.first?.models.first)
        #expect(model.names.sorted() == given.names.sorted())
        #expect(model.patterns.map(\.glob).sorted() == given.globs.sorted())
        #expect(model.patterns.flatMap(\.except) == given.except)
        let isTold = catalog.tally.notCarried.contains { $0.shape.hasPrefix("match") }
        #expect(isTold == (given.names.isEmpty && given.globs.isEmpty))
    }

    /// The source takes the first model that matches: a later exact name that an earlier glob covers
    /// is not the later model's.
    @Test func keepsTheSourcesOrder() throws {
        let text = """
            {"providers": [{"id": "maker", "models": [
            {"id": "first", "match": {"starts_with": "a-"}, "prices": {"input_mtok": "1"}},
            {"id": "second", "match": {"or": [{"equals": "a-b"}, {"equals": "c"}]}, "prices": {"input_mtok": "2"}}]}]}
            """
        let catalog = try GenAIPricesImporter.read(Array(text.utf8))
        #expect(catalog.channels[0].models[1].names == ["c"])
        #expect(
            catalog.tally.notCarried.contains { $0.shape == "names that an earlier model takes" })
    }
}
