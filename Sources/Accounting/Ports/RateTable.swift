import Pricing

/// Where the rate tables live: catalogs by their digest, and the files that users added.
package protocol RateTable: Sendable {
    /// The catalog of a digest, or `nil` where it has not been loaded.
    func catalog(digest: String) throws -> Catalog?

    /// The part of a catalog that answers for some models by their names: a book of it finds for
    /// those names what the book of all would. `channels` are those that were asked for; without
    /// names, the part is what they sell.
    func catalog(digest: String, naming names: [String], on channels: [String]) throws -> Catalog?

    /// A catalog's channels and exchange rates, without models and lines: what the ledger's answers
    /// need, since its events name their lines.
    func frame(digest: String) throws -> Catalog?

    /// Keeps a catalog, all of it or nothing. Loading one that is there already is no error and
    /// changes nothing.
    ///
    /// Throws `RateTableError.changedInPlace` where a line that is known has other rates now.
    func load(_ catalog: Catalog) throws

    /// The texts that users added, the newest of each name, in the order of the names.
    func addedFiles() throws -> [AddedRateFile]

    /// Keeps a user's file and the catalog that it makes, both or neither.
    func add(_ file: AddedRateFile, making catalog: Catalog) throws
}

/// A rate file that a user added, as it was read.
package struct AddedRateFile: Hashable, Sendable {
    package let name: String
    package let text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

package enum RateTableError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Lines that stand in the database with other rates.
    case changedInPlace([String])

    package var description: String {
        switch self {
        case .changedInPlace(let lines):
            "rates were changed in place: \(Self.first(lines)); history does not move: keep the line and add a new one with its own valid_from, or one that says corrects: its id"
        }
    }

    /// Enough to see what happened.
    private static func first(_ lines: [String]) -> String {
        lines.prefix(3).joined(separator: "; ")
            + (lines.count > 3 ? "; and \(lines.count - 3) more" : "")
    }
}
