import Pricing
import RateCatalog
import SQLiteStore

/// What `--version` prints: this program, its rate tables, and the SQLite that it runs on.
enum Version {
    static let number = "0.1.0"

    static var text: String {
        let sqlite = (try? SQLiteStore.libraryVersion()) ?? "missing"
        guard let catalog = try? CatalogReader.read(RateFile.embedded) else {
            return "tokenmeter \(number), rates damaged, SQLite \(sqlite)"
        }
        let date = catalog.date?.text ?? "undated"
        return "tokenmeter \(number), rates \(date) \(catalog.digest), SQLite \(sqlite)"
    }
}
