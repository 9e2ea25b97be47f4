import Foundation
import Testing

/// What the design asks of every answer, whichever command gives it.
@Suite(.needsBinary) struct AnswerContractTests {
    private static let at = "2026-11-22T12:00:00Z"
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func run(_ question: String) async throws -> Output {
        let words = question.split(separator: " ").map(String.init)
        return try await sandbox.run(words + ["--at", Self.at] + Tokenmeter.fixtureRates)
    }

    static let questions = [
        "price --model acme-large --output-tokens 5",
        "forecast --model acme-large --output-tokens 10M",
        "savings --output-tokens 10M --channel relay --baseline retail",
        "compare --output-tokens 10M --model acme-large",
        "mix --share acme-large=50 --share acme-small=50 --output-tokens 10M",
        "check --plan Tests/Fixtures/plans/plan.yml --budgets Tests/Fixtures/plans/budgets-within.yml",
    ]

    /// "Every header and document says … which rates …, and which range and zone it used."
    @Test(arguments: questions) func saysWhichRatesOfWhichTime(question: String) async throws {
        let table = try await run(question)
        #expect(table.text.contains("rates 2026-11-20 ("))
        #expect(table.text.contains("2026-11-22"), "\(table.text)")
        let document = try await run(question + " --format json").json()
        #expect(document.string("at") == Self.at)
        #expect(try document.object("rates").string("digest")?.count == 64)
        #expect(document.string("schema")?.hasPrefix("tokenmeter.") == true)
    }

    /// "its schema is a file in the repository".
    @Test(arguments: questions) func itsSchemaIsInTheRepository(question: String) async throws {
        let schema = try #require(
            try await run(question + " --format json").json().string("schema"))
        let file = "Docs/schemas/\(schema.replacing("/", with: "-")).json"
        let path = Tokenmeter.repository.appending(path: file).path()
        #expect(FileManager.default.fileExists(atPath: path), "\(file)")
    }

    /// A fee for each request is part of the price: a volume that does not say how many there are has no exact cost.
    @Test func neverDropsAFeeForEachRequest() async throws {
        // 30,000 requests of 100 tokens: 3M × 3.00 and 30,000 × 5.00 per 1,000.
        let requests = try await run(
            "forecast --model acme-small --channel fee --requests-per-month 30000 --output-per-request 100"
                + " --format json")
        #expect(try requests.json().money("cost") == "159.00 USD")
        let volume = try await run(
            "forecast --model acme-small --channel fee --output-tokens 3M --format json"
        ).json()
        let assumptions = (volume["assumptions"] as? [String] ?? []).joined(separator: " ")
        #expect(volume.isNull("cost") || assumptions.contains("request"), "\(assumptions)")
        let compared = try await run(
            "compare --model acme-small --channel fee --output-tokens 3M --format json"
        ).json()
        let row = try #require(try compared.objects("rows").first)
        let notes = (compared["notes"] as? [String] ?? []).joined(separator: " ")
        #expect(
            row.isNull("cost") || notes.contains("per request")
                || notes.contains("requests is unknown"), "\(notes)")
    }

    /// "`unlisted: inherit` … the answer says so", and a count that is billed as more is shown as both.
    @Test func saysWhatItInheritedAndRoundedUp() async throws {
        let table = try await run(
            "price --model acme-small --channel fee --output-tokens 10 --reasoning-tokens 20"
        ).text
        let reasoning = try #require(
            table.split(separator: "\n").first { $0.hasPrefix("reasoning") })
        #expect(reasoning.contains("output") || table.contains("reasoning at"), "\(table)")
        let output = try #require(table.split(separator: "\n").first { $0.hasPrefix("output") })
        #expect(output.contains(" 10 ") || table.contains("at least 100"), "\(table)")
    }

    /// What a program must know of a line to price by it.
    @Test func tellsAllOfARateLine() async throws {
        let document = try await run("rates list --model acme-small --channel fee --format json")
            .json()
        let line = try #require(try document.objects("rows").first)
        #expect(try line.object("minimum_units").integer("output") == 100)
        #expect(line.string("unlisted") == "inherit")
        #expect(line.string("allowance")?.isEmpty == false)
    }

    /// Where the hour decides, the rows hold both ends, as their sum does.
    @Test func showsBothEndsInEveryRow() async throws {
        let table = try await run(
            "forecast --model orient-chat --input-tokens 20M --output-tokens 10M"
        ).text
        let input = try #require(table.split(separator: "\n").first { $0.hasPrefix("input") })
        #expect(input.contains("¥20.00"), "\(table)")
        #expect(input.contains("¥40.00"), "\(table)")
    }

    private func records(_ question: String) async throws -> [[String]] {
        try await run(question + " --format csv").text.split(separator: "\r\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    /// Rows of one answer can be told apart, and each amount has its currency and its unit.
    @Test func recordsStandForThemselves() async throws {
        let forecast = try await records(
            "forecast --model acme-large --output-tokens 10M --batch-share 20%")
        let names = forecast.dropFirst().map {
            $0.filter { $0.contains { $0.isLetter } }.joined(separator: ",")
        }
        #expect(Set(names).count == names.count, "\(forecast)")
        let check = try await records(
            "check --plan Tests/Fixtures/plans/plan.yml --budgets Tests/Fixtures/plans/budgets-within.yml"
        )
        #expect(check.first?.contains("planned_currency") == true, "\(check.first ?? [])")
        let price = try await records(
            "price --model acme-large --output-tokens 5 --meter web_search=3")
        let search = try #require(price.first { $0.first == "web_search" })
        #expect(search.contains("1000") || search.contains { $0.contains("per") }, "\(search)")
    }

    /// "amounts as plain decimals": one number a cell.
    @Test func cellsHoldOneNumber() async throws {
        let compare = try await records("compare --model orient-chat --output-tokens 10M")
        for record in compare { for cell in record { #expect(!cell.contains(".."), "\(record)") } }
    }
}
