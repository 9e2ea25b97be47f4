import Accounting
import GRDB
import Pricing

extension LedgerVerifier {
    /// Every money entry can be read and is one that would be taken today; what one takes back is
    /// there, and was as much.
    mutating func checkMoney() throws {
        var entries: [String: MoneyEntry] = [:]
        for row in try MoneyRow.rows(account: reader.account, db) {
            guard let entry = try? MoneyRow.read(row) else {
                report("money entry \(quoted(row[0])) cannot be read")
                continue
            }
            entries[entry.id] = entry
        }
        for entry in entries.values.sorted(by: { $0.id < $1.id }) {
            if let (field, problem) = entry.problem {
                report("money entry \(quoted(entry.id)): \(field): \(problem)")
            }
            guard let id = entry.reverses else { continue }
            guard let reversed = entries[id] else {
                report(
                    "money entry \(quoted(entry.id)) takes back \(quoted(id)), which is not there")
                continue
            }
            let isWhole =
                entry.channel == reversed.channel && entry.kind == reversed.kind
                && entry.amount.currency == reversed.amount.currency
                && entry.amount.attos == -reversed.amount.attos
            if !isWhole {
                report(
                    "money entry \(quoted(entry.id)) takes back more, or less, than \(quoted(id)) was"
                )
            }
        }
    }
}
