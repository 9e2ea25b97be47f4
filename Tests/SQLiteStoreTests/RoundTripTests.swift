import Accounting
import Foundation
import JSONBytes
import Pricing
import RateCatalog
import SQLiteStore
import Testing

/// Whole catalogs of other projects, from their text through rate files and SQLite to `rates show`.
@Suite struct RoundTripTests {
    private static let shared = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "shared/catalogs")
    private static var isThere: Bool {
        FileManager.default.fileExists(atPath: shared.path())
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let source: String
        let file: String
        let models: Int
        var testDescription: String { source }
    }

    @Test(
        .enabled(if: isThere, "no shared/catalogs beside the project"),
        arguments: [
            Case(source: "genai-prices", file: "genai-prices.json", models: 2_330),
            Case(source: "litellm", file: "litellm.json", models: 4_552),
        ])
    func keepsEveryLineOfEveryModel(given: Case) throws {
        let bytes = try Data(contentsOf: Self.shared.appending(path: given.file))
        let importer = try #require(Importers.named(given.source))
        let read = try importer.read(Array(bytes))
        #expect(read.channels.reduce(0) { $0 + $1.models.count } == given.models)
        var options = ImportPlan.Options(
            date: try #require(CivilDate(year: 2026, month: 11, day: 23)))
        options.accepted = ["*"]
        let plan = try ImportPlan(read, from: given.source, beside: [], options)
        #expect(plan.count(.heldBack) == 0)

        let catalog = try CatalogReader.read(plan.files)
        let store = try SQLiteStore()
        try store.load(catalog)
        let stored = try #require(try store.catalog(digest: catalog.digest))
        let book = RateBook(stored, zones: UTCOnly())
        let context = PricingContext(
            book: book, now: Timestamp(milliseconds: 1_795_435_200_000), zone: "UTC")
        var lines = 0
        for channel in read.channels {
            for model in channel.models {
                lines += model.lines.count
                try expect(model, on: channel.id, in: context)
            }
        }
        #expect(stored.lines.count == lines)
    }

    /// Every line that the importer read stands in the book, and `rates show` shows those in force.
    private func expect(
        _ model: ImportedModel, on channel: String, in context: PricingContext
    ) throws {
        guard !model.lines.isEmpty else { return }
        let name = try #require(model.names.first ?? Self.example(of: model), "\(model.id)")
        let match = try context.book.match(name, on: channel, at: context.now)
        let id = context.book.catalog.models[match.model].id
        let kept = context.book.lines(of: id, on: channel)
        #expect(kept.count == model.lines.count, "\(channel)/\(model.id)")
        for line in model.lines {
            #expect(
                kept.contains {
                    $0.line.rates == line.rates && $0.line.conditions == line.conditions
                        && $0.line.minimumUnits == line.minimumUnits
                        && (line.validFrom == nil || $0.line.validFrom == line.validFrom)
                }, "\(channel)/\(model.id): \(line.conditions.text)")
        }
        let answer = try context.ratesShow(
            Parameters(["model": [id], "channel": [channel]], spelling: .flags))
        let rows = try #require(answer.fields["rows"]?.elements, "no rows for \(id)")
        let inForce = kept.filter {
            $0.line.validFrom <= context.now
                && (context.book.end(of: $0.line).map { context.now < $0 } ?? true)
        }
        #expect(rows.count == inForce.count, "\(channel)/\(model.id)")
    }

    /// A name that the first glob of a model matches.
    private static func example(of model: ImportedModel) -> String? {
        model.patterns.first?.glob.replacing("*", with: "").replacing("#", with: "7")
    }
}
