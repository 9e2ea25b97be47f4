import Foundation
import Testing

/// Each sentence of issue 2 under "Figures that must come out", on the shipped tables.
@Suite(.needsBinary) struct FiguresTests {
    private static let at = ["--at", "2026-11-22T12:00:00Z"]
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func run(_ arguments: [String]) async throws -> Output {
        try await sandbox.run(arguments + Self.at)
    }

    private func document(_ arguments: [String], exit: Int32 = 0) async throws -> [String:
        any Sendable]
    {
        let output = try await run(arguments + ["--format", "json"])
        #expect(output.exit == exit)
        #expect(output.errors == "")
        return try output.json()
    }

    /// The amounts and percentages of a table's line, in their order.
    private func figures(of label: String, in output: Output) throws -> [String] {
        let line = try #require(
            output.lines.first { $0.hasPrefix(label) }, "no line \(label) in:\n\(output.text)")
        return line.dropFirst(label.count).split(separator: " ").map(String.init)
    }

    struct Row: Sendable {
        let model: String
        let baseline: String
        let billed: String
        let saved: String
    }

    // 10M output tokens at 2.94, 17.50, 56 and 105 yuan, against 0.42, 2.50, 8.00 and 15.00 dollars
    // per million.
    static let againstStandard = [
        Row(model: "deepseek-v3.2", baseline: "29.40", billed: "4.20", saved: "25.20"),
        Row(model: "gemini-2.5-flash", baseline: "175.00", billed: "25.00", saved: "150.00"),
        Row(model: "gpt-4.1", baseline: "560.00", billed: "80.00", saved: "480.00"),
        Row(model: "claude-sonnet-4.5", baseline: "1050.00", billed: "150.00", saved: "900.00"),
    ]

    // The vendors' own lists, 10 × 0.42, 2.50, 8.00 and 15.00 dollars, times 7.3.
    static let againstDirect = [
        Row(model: "deepseek-v3.2", baseline: "30.66", billed: "4.20", saved: "26.46"),
        Row(model: "gemini-2.5-flash", baseline: "182.50", billed: "25.00", saved: "157.50"),
        Row(model: "gpt-4.1", baseline: "584.00", billed: "80.00", saved: "504.00"),
        Row(model: "claude-sonnet-4.5", baseline: "1095.00", billed: "150.00", saved: "945.00"),
    ]

    private static let savings = ["savings", "--output-tokens", "10M", "--channel", "holysheep"]
    private static let standard = savings + ["--baseline", "standard"]
    private static let direct = savings + ["--baseline", "direct", "--fx", "USD/CNY=7.3"]

    private func expectTable(_ rows: [Row], percent: String, of output: Output) throws {
        for row in rows {
            // Thousands are separated for people.
            let baseline = row.baseline.replacing("1050.00", with: "1,050.00")
                .replacing("1095.00", with: "1,095.00")
            #expect(
                try figures(of: row.model, in: output) == [
                    "¥\(baseline)", "$\(row.billed)", "¥\(row.billed)", "¥\(row.saved)",
                    "\(percent)%",
                ])
        }
    }

    private func expectRows(
        _ rows: [Row], percent: String, converted: Bool, of document: [String: any Sendable]
    ) throws {
        #expect(document.string("schema") == "tokenmeter.savings/1")
        #expect(document.string("per") == "month")
        let found = try document.objects("rows")
        #expect(found.map { $0.string("model") } == rows.map(\.model))
        let mark = converted ? "*" : ""
        for (row, found) in zip(rows, found) {
            #expect(found.money("baseline") == "\(row.baseline) CNY\(mark)")
            #expect(found.money("billed") == "\(row.billed) USD")
            #expect(found.money("settled") == "\(row.billed) CNY")
            #expect(found.money("saved") == "\(row.saved) CNY\(mark)")
            #expect(found.string("saved_percent") == percent)
        }
    }

    @Test func savingsAgainstTheSellersList() async throws {
        let output = try await run(Self.standard)
        #expect(output.exit == 0)
        #expect(output.errors == "")
        try expectTable(Self.againstStandard, percent: "85.7", of: output)
        try expectRows(
            Self.againstStandard, percent: "85.7", converted: false,
            of: try await document(Self.standard))
    }

    @Test func savingsSayForWhomTheyHold() async throws {
        let text = try await run(Self.standard).text.replacing("\n  ", with: " ")
        #expect(text.contains("the seller's claim"))
        #expect(text.contains("payment in CNY"))
        #expect(text.contains("¥1 settles $1"))
        // Who pays in dollars saves nothing, and is told so (spec/notes.md).
        #expect(text.contains("paid in USD"))
        #expect(text.contains(" 0.0%"))
        let notes = try await document(Self.standard)["notes"] as? [String] ?? []
        #expect(notes.contains { $0.contains("payment in CNY") })
        #expect(notes.contains { $0.contains("the seller's claim") })
    }

    @Test func savingsAgainstTheVendorsAtAMarketRate() async throws {
        let output = try await run(Self.direct)
        #expect(output.exit == 0)
        try expectTable(Self.againstDirect, percent: "86.3", of: output)
        #expect(output.text.contains("USD/CNY = 7.3"))
        let document = try await document(Self.direct)
        try expectRows(Self.againstDirect, percent: "86.3", converted: true, of: document)
        let rate = try #require(try document.objects("fx").first)
        #expect(rate.string("pair") == "USD/CNY")
        #expect(rate.string("rate") == "7.3")
    }

    /// 10 × 8.00 dollars, settled at one yuan for one dollar, is 80.00 yuan, and 80 / 7 =
    /// 11.428571… dollars.
    @Test func aSettledDollarIsAYuan() async throws {
        let question = [
            "forecast", "--model", "gpt-4.1", "--channel", "holysheep", "--output-tokens", "10M",
        ]
        let yuan = try await run(question + ["--currency", "CNY"])
        #expect(yuan.exit == 0)
        #expect(try figures(of: "total", in: yuan) == ["¥80.00"])
        #expect(!yuan.text.contains("560"))
        let dollars = try await run(question + ["--currency", "USD", "--fx", "USD/CNY=7"])
        #expect(dollars.exit == 0)
        #expect(try figures(of: "total", in: dollars) == ["$11.43"])
        #expect(dollars.text.contains("USD/CNY = 7 "))

        let inYuan = try await document(question + ["--currency", "CNY"])
        #expect(inYuan.money("billed") == "80.00 USD")
        #expect(inYuan.money("settled") == "80.00 CNY")
        #expect(inYuan.money("cost") == "80.00 CNY")
        let inDollars = try await document(question + ["--currency", "USD", "--fx", "USD/CNY=7"])
        #expect(inDollars.money("cost") == "11.428571 USD*")
        #expect(inDollars.money("settled") == "80.00 CNY")
    }

    /// 7M × 0.42 + 3M × 8.00 = 2.94 + 24.00.
    @Test func aMixOfTwoModels() async throws {
        let question = [
            "mix", "--share", "deepseek-v3.2=70", "--share", "gpt-4.1=30", "--output-tokens", "10M",
            "--channel", "holysheep",
        ]
        let output = try await run(question)
        #expect(output.exit == 0)
        #expect(try figures(of: "mix", in: output) == ["100%", "$26.94", "¥26.94"])
        #expect(try figures(of: "deepseek-v3.2", in: output) == ["70%", "$2.94", "¥2.94"])
        #expect(try figures(of: "gpt-4.1", in: output) == ["30%", "$24.00", "¥24.00"])
        let document = try await document(question)
        #expect(document.money("billed") == "26.94 USD")
        #expect(document.money("settled") == "26.94 CNY")
        #expect(document.money("cost") == "26.94 CNY")
    }

    /// 1M × 2.00 + 0.4M × 0.50 + 0.1M × 8.00.
    @Test func oneRequestWithItsComponents() async throws {
        let question = [
            "price", "--model", "gpt-4.1", "--channel", "openai", "--input-tokens", "1000000",
            "--cached-tokens", "400000", "--output-tokens", "100000",
        ]
        let output = try await run(question)
        #expect(output.exit == 0)
        #expect(try figures(of: "input", in: output).last == "$2.00")
        #expect(try figures(of: "cached_input", in: output).last == "$0.20")
        #expect(try figures(of: "output", in: output).last == "$0.80")
        #expect(try figures(of: "total", in: output) == ["$3.00"])
        #expect(output.text.contains("total input 1,400,000 = 1,000,000 + 400,000 cached"))

        let document = try await document(question)
        #expect(document.money("billed") == "3.00 USD")
        #expect(document.money("cost") == "3.00 USD")
        #expect(document.integer("total_input") == 1_400_000)
        let components = try document.objects("components")
        #expect(components.map { $0.string("meter") } == ["input", "cached_input", "output"])
        #expect(components.map { $0.money("billed") } == ["2.00 USD", "0.20 USD", "0.80 USD"])
        let line = try document.object("rate_line")
        #expect(line.string("id")?.isEmpty == false)
        #expect(line.string("source")?.isEmpty == false)
    }

    /// 30,000 requests: 24M fresh × 2.00, 36M cached × 0.50, 15M output × 8.00.
    @Test func aForecastOverItsLimit() async throws {
        let question = [
            "forecast", "--model", "gpt-4.1", "--requests-per-day", "1000", "--input-per-request",
            "2000", "--cached-share", "60%", "--output-per-request", "500", "--max", "150USD",
        ]
        let output = try await run(question)
        #expect(output.exit == 2)
        #expect(try figures(of: "input", in: output).last == "$48.00")
        #expect(try figures(of: "cached_input", in: output).last == "$18.00")
        #expect(try figures(of: "output", in: output).last == "$120.00")
        #expect(try figures(of: "total", in: output) == ["$186.00"])
        #expect(output.text.contains("over --max $150.00 by $36.00"))
        let document = try await document(question, exit: 2)
        #expect(document.money("cost") == "186.00 USD")
        #expect(try document.object("max").money("over") == "36.00 USD")
        #expect(try document.object("max").money("limit") == "150.00 USD")
    }

    @Test func aMisspeltModelIsAnsweredWithTheNearest() async throws {
        let output = try await run(["price", "--model", "gpt4.1", "--output-tokens", "5"])
        #expect(output.exit == 3)
        #expect(output.text == "")
        #expect(output.errors.hasPrefix("error: no model \"gpt4.1\"; nearest: gpt-4.1"))
        #expect(output.errors.filter { $0 == "\n" }.count == 1)
    }
}
