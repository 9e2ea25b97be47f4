import ConfigFiles
import Pricing
import Testing

struct ConfigNodeTests {
    /// The faults of reading `text` with `body`, as they are shown.
    private func faults(
        in text: String, _ body: (ConfigMapping) -> Void
    ) throws -> [String] {
        let collector = FaultCollector()
        let root = try #require(
            YAMLReader.read(text, file: "channels/openai.yml", collector: collector))
        body(try #require(root.openMapping))
        return Faults(collector.faults).list.map(\.description)
    }

    @Test func namesFileLineAndField() throws {
        let text = """
            channel: openai
            lines:
              - model: gpt-4.1
                rates: {output: 8.00}
              - model: gpt-4.1
                rates:
                  input: 2
                  output: 1e9
            """
        let faults = try faults(in: text) { root in
            for line in root["lines"]?.items ?? [] {
                for (_, rate) in line.openMapping?["rates"]?.openMapping?.pairs ?? [] {
                    _ = rate.decimal
                }
            }
        }
        #expect(
            faults == [
                "channels/openai.yml:8: lines[1].rates.output: \"1e9\" is not a plain decimal such as 0.14"
            ])
    }

    @Test func suggestsTheNearestKey() throws {
        let faults = try faults(in: "model: a\nvalid_form: 2026-01-01\n") { root in
            _ = root.node.mapping(["model", "valid_from", "valid_to", "rates"])
        }
        #expect(
            faults == [
                "channels/openai.yml:2: valid_form: unknown key \"valid_form\"; nearest: valid_from"
            ])
    }

    @Test func reportsWhatIsMissing() throws {
        let faults = try faults(in: "a:\n  b: 1\n") { root in
            #expect(root["a"]?.openMapping?.required("source") == nil)
            #expect(root.required("model") == nil)
        }
        #expect(
            faults.sorted() == [
                "channels/openai.yml:1: missing \"model\"",
                "channels/openai.yml:2: a: missing \"source\"",
            ])
    }

    /// Every fault is told, not only the first.
    @Test func gathersAllFaults() throws {
        let faults = try faults(in: "a: x\nb: y\nc: z\n") { root in
            _ = root["c"]?.count
            _ = root["a"]?.decimal
            _ = root["b"]?.date
        }
        #expect(faults.count == 3)
        #expect(faults == faults.sorted())
    }

    @Test func refusesOneKindForAnother() throws {
        let text = "text: a\nlist: [1]\nkeys: {a: 1}\nnothing:\nempty: ''\n"
        let faults = try faults(in: text) { root in
            #expect(root["list"]?.string == nil)
            #expect(root["keys"]?.string == nil)
            #expect(root["nothing"]?.string == nil)
            #expect(root["empty"]?.string == nil)
            #expect(root["text"]?.items.isEmpty == true)
            #expect(root["text"]?.openMapping == nil)
            #expect(root["list"]?.mapping(["a"]) == nil)
        }
        #expect(faults.count == 7)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let kind: String
        let text: String
        var testDescription: String { "\(kind): \(text)" }
    }

    @Test(arguments: [
        Case(kind: "decimal", text: "1e9"), Case(kind: "decimal", text: "NaN"),
        Case(kind: "decimal", text: "'1,5'"), Case(kind: "decimal", text: ".5"),
        Case(kind: "decimal", text: "+1"), Case(kind: "decimal", text: "$8"),
        Case(kind: "decimal", text: "０.１４"), Case(kind: "count", text: "1.5"),
        Case(kind: "count", text: "-1"), Case(kind: "count", text: "1e6"),
        Case(kind: "count", text: "many"), Case(kind: "date", text: "2026-02-29"),
        Case(kind: "date", text: "2026-10-01T00:00:00Z"), Case(kind: "date", text: "1.10.2026"),
        Case(kind: "timestamp", text: "2026-10-01T00:00:00"),
        Case(kind: "timestamp", text: "today"),
        Case(kind: "share", text: "60"), Case(kind: "share", text: "101%"),
        Case(kind: "share", text: "-1%"),
    ])
    func refusesMalformedValues(_ given: Case) throws {
        let faults = try faults(in: "value: \(given.text)") { root in
            switch given.kind {
            case "decimal": #expect(root["value"]?.decimal == nil)
            case "count": #expect(root["value"]?.count == nil)
            case "date": #expect(root["value"]?.date == nil)
            case "timestamp": #expect(root["value"]?.timestamp == nil)
            default: #expect(root["value"]?.share == nil)
            }
        }
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("channels/openai.yml:1: value: ") == true)
    }

    @Test func readsValues() throws {
        let text = """
            decimal: 0.14
            count: 1.5M
            date: 2026-10-01
            day: 2026-10-01
            moment: 2025-09-05T16:00:00Z
            share: 60%
            """
        let faults = try faults(in: text) { root in
            #expect(root["decimal"]?.decimal == 140_000_000_000_000_000)
            #expect(root["count"]?.count == 1_500_000)
            #expect(root["date"]?.date?.text == "2026-10-01")
            #expect(root["day"]?.timestamp?.text == "2026-10-01T00:00:00Z")
            #expect(root["moment"]?.timestamp?.text == "2025-09-05T16:00:00Z")
            #expect(root["share"]?.share?.percentText == "60")
        }
        #expect(faults == [])
    }

    @Test func turnsErrorsIntoFaults() throws {
        let faults = try faults(in: "currency: usd") { root in
            let currency = root["currency"]?.value { () throws(PricingError) in
                try Currency("usd")
            }
            #expect(currency == nil)
        }
        #expect(
            faults == [
                "channels/openai.yml:1: currency: \"usd\" is not a currency; write three capital letters such as USD"
            ])
    }

    /// A key from the file is shown without its control characters.
    @Test func quotesWhatItShows() throws {
        let faults = try faults(in: "\"a\\e[31m\": 1\n") { root in _ = root.node.mapping(["b"]) }
        #expect(faults.count == 1)
        #expect(faults.first?.contains("unknown key \"a\u{FFFD}[31m\"") == true)
    }

    @Test func throwsAllFaultsAtOnce() {
        let collector = FaultCollector()
        #expect(throws: Never.self) { try collector.throwIfAny() }
        collector.add(Fault(file: "b.yml", line: 2, field: "x", problem: "later"))
        collector.add(Fault(file: "a.yml", line: nil, problem: "of the whole file"))
        collector.add(Fault(file: "b.yml", line: 1, problem: "first"))
        #expect {
            try collector.throwIfAny()
        } throws: { error in
            "\(error)" == "a.yml: of the whole file\nb.yml:1: first\nb.yml:2: x: later"
        }
    }
}
