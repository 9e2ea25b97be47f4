import Pricing

/// Reads one foreign catalog of prices into tokenmeter's words.
///
/// An importer knows the shapes of its source and nothing of files, dates of earlier imports or the
/// canonical ids of models: that is the same for all and stands beside it. A third source is a
/// folder with a type that conforms, and a line in `Importers.all`.
package protocol CatalogImporter: Sendable {
    /// What `--from` calls it, and the folder below `imported/`: `genai-prices`.
    static var name: String { get }

    /// Throws `ImportError` for bytes that are not such a catalog.
    static func read(_ bytes: [UInt8]) throws -> ImportedCatalog
}

package enum Importers {
    package static let all: [any CatalogImporter.Type] = [
        GenAIPricesImporter.self, LiteLLMImporter.self,
    ]

    package static func named(_ name: String) -> (any CatalogImporter.Type)? {
        for importer in all where importer.name == name { return importer }
        return nil
    }
}

package enum ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not the catalog that was announced; where, and why.
    case notSuchACatalog(source: String, problem: String)
    /// An import that would leave files which do not load.
    case wouldNotLoad(String)
    /// Most of the lines that hold would end.
    case wouldEndMost(Int, of: Int)
    /// The day of the import is before that of an earlier one.
    case before(CivilDate)
    /// Accepted is what neither the catalog nor the files of earlier imports sell.
    case acceptsNothing(String, nearest: [String])

    package var description: String {
        switch self {
        case .notSuchACatalog(let source, let problem): "this is no \(source) catalog: \(problem)"
        case .wouldNotLoad(let problem):
            "nothing was written, for the outcome would not load: \(problem)"
        case .wouldEndMost(let count, let all):
            "nothing was written, for \(count) of \(all) lines would end: is it the whole catalog? --accept '*' ends them"
        case .before(let date):
            "nothing was written, for an import of \(date.text) is there already: an older one would change the past"
        case .acceptsNothing(let name, let nearest):
            "--accept: no \(quoted(name)) in this catalog; nearest: \(nearest.joined(separator: ", "))"
        }
    }
}

/// All that an importer understood, and a tally of what it did not.
package struct ImportedCatalog: Sendable {
    /// The source with its version: `genai-prices 0.2.3`; the `source` of every line.
    package let source: String
    package var channels: [ImportedChannel] = []
    package var tally = ImportTally()
}

/// A seller as the source knows it.
package struct ImportedChannel: Sendable {
    /// In small letters, without spaces.
    package let id: String
    package let name: String
    /// Whether it makes the models that it sells, so that `direct` can stand for it.
    package let isVendor: Bool
    /// Other ids that the seller goes by, such as `bedrock` for `aws`.
    package var aliases: [String] = []
    package var models: [ImportedModel] = []
}

/// What one seller calls one model, and what it charges.
package struct ImportedModel: Sendable {
    /// As the source spells it.
    package let id: String
    /// What the id comes to without the seller's decorations: `claude-sonnet-4.5` for
    /// `global.anthropic.claude-sonnet-4-5-20250929-v1:0`. Models of several sellers that share it
    /// are one model.
    package let canonical: String
    package let name: String?
    /// Made by somebody else than this seller, although the seller makes models of its own.
    package var isResold = false
    /// Exact names, in small letters.
    package var names: [String] = []
    package var patterns: [ImportedPattern] = []
    /// Complete lines; a model whose price the source does not state has none.
    package var lines: [ImportedLine] = []
}

package struct ImportedPattern: Hashable, Sendable {
    /// In small letters: `*` any run, `#` one digit.
    package let glob: String
    package var except: [String] = []
}

package struct ImportedLine: Sendable {
    package var conditions: RateConditions
    /// `nil` where the source does not say since when.
    package var validFrom: Timestamp?
    /// Exclusive; only where the source ends a price, never where a vendor retires a model.
    package var validTo: Timestamp?
    package var unlisted: RateLine.Unlisted = .inherit
    package var minimumUnits: [Meter: Int64] = [:]
    package var rates: Rates
    package var note: String?
}

/// What became of every shape of the source: nothing is dropped in silence.
package struct ImportTally: Sendable {
    package struct Entry: Hashable, Sendable {
        /// `tiered prices`, `extractors (they belong to the readers of streams)`.
        package let shape: String
        package var count: Int
        /// The first few places, as `channel/model: text`.
        package var examples: [String]
    }

    package static let maximumExamples = 3

    /// Read and written, shape by shape, in the order of their first occurrence.
    package private(set) var carried: [Entry] = []
    /// Read and left out, with the reason in the shape's words.
    package private(set) var notCarried: [Entry] = []
    /// Carried in another spelling: float noise made clean, repeating decimals made ratios.
    package private(set) var mended: [Entry] = []
    /// Models with a price that cannot be read, by their places: with one of them, there is no
    /// import, for what stands would end.
    private var unreadable: [String] = []

    package init() {}

    package mutating func cannotRead(_ place: String) { unreadable.append(place) }

    /// Throws `ImportError` where some price could not be read.
    func requireReadable(_ source: String) throws {
        guard let first = unreadable.first else { return }
        let more = unreadable.count - 1
        throw ImportError.notSuchACatalog(
            source: source,
            problem: "\(first) has a price that cannot be read"
                + (more > 0 ? ", and so have \(more) others" : ""))
    }

    package mutating func carry(_ shape: String, _ count: Int = 1) {
        Self.count(shape, count, nil, in: &carried)
    }

    package mutating func leave(_ shape: String, at place: String, _ count: Int = 1) {
        Self.count(shape, count, place, in: &notCarried)
    }

    package mutating func mend(_ shape: String, at place: String) {
        Self.count(shape, 1, place, in: &mended)
    }

    private static func count(
        _ shape: String, _ count: Int, _ example: String?, in entries: inout [Entry]
    ) {
        guard count > 0 else { return }
        let index =
            entries.firstIndex { $0.shape == shape }
            ?? {
                entries.append(Entry(shape: shape, count: 0, examples: []))
                return entries.count - 1
            }()
        entries[index].count += count
        if let example, entries[index].examples.count < maximumExamples {
            entries[index].examples.append(example)
        }
    }
}
