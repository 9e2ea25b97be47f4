import Accounting
import GRDB
import JSONBytes
import Pricing

/// A budget's window as its row spells it.
struct WindowText {
    let name: String
    /// Milliseconds since 1970-01-01, with commas between.
    let boundaries: String
    /// As JSON; `{}` where every event counts.
    let filter: String

    init(name: String, boundaries: String, filter: String) {
        self.name = name
        self.boundaries = boundaries
        self.filter = filter
    }

    init(_ window: BudgetWindow) {
        name = window.name
        boundaries = window.boundaries.map { String($0.milliseconds) }.joined(separator: ",")
        let json = window.filter.json ?? .object(JSONObject())
        filter = String(decoding: json.compactBytes, as: UTF8.self)
    }

    func window() throws -> BudgetWindow {
        let times = boundaries.split(separator: ",").compactMap { Int64($0) }
        guard times.count >= 2, times.count <= BudgetWindow.maximumBoundaries,
            let json = try? JSONReader.value(of: Array(filter.utf8)),
            let filter = EventFilter(json)
        else {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "budget \(name): a period that cannot be read"
            )
        }
        return BudgetWindow(
            name: name, boundaries: times.map(Timestamp.init(milliseconds:)), filter: filter)
    }
}
