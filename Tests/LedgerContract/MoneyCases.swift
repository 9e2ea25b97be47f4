import Accounting
import Pricing

extension LedgerContract {
    private static func money(
        _ id: String, _ amount: String = "100", at time: Timestamp = noon,
        kind: MoneyEntry.Kind = .topUp, method: MoneyEntry.Method? = nil, note: String? = nil,
        expires: Timestamp? = nil
    ) throws -> MoneyEntry {
        MoneyEntry(
            id: id, time: time, channel: "shop", kind: kind, amount: try Money(amount, .usd),
            method: method, note: note, expires: expires)
    }

    /// Each money entry is there once under its id, and stays as it was.
    static let moneyCases = [
        Case(description: "keeps a money entry once, and hands out the one that has its id") {
            ledger in
            let entry = try money("PAY-1")
            try expectEqual(try ledger.keep(entry, account: account), nil)
            try expectEqual(try ledger.keep(entry, account: account), entry)
            let other = try money("PAY-1", "7")
            try expectEqual(try ledger.keep(other, account: account), entry)
            try expectEqual(try ledger.moneyEntries(account: account), [entry])
            try expectEqual(try ledger.status(account: account).moneyEntries, 1)
            try expectWhole(ledger)
        },
        Case(description: "gives money entries back exactly, the oldest first") { ledger in
            let entries = try [
                money("b", "-0.000000000000000001", kind: .tax),
                money("a", "1000000000000", method: .alipay, note: "wéb\n\"1\""),
                money("c", "0.1", at: noon.plus(-1), kind: .grant, expires: noon.plus(1)),
            ]
            for entry in entries { try expectEqual(try ledger.keep(entry, account: account), nil) }
            try expectEqual(
                try ledger.moneyEntries(account: account), [entries[2], entries[1], entries[0]])
            try expectWhole(ledger)
        },
        Case(description: "takes a money entry back once, where it is there") { ledger in
            let entry = try money("PAY-1")
            let reversal = entry.reversal(at: noon.plus(5), note: "twice")
            do {
                _ = try ledger.keep(reversal, account: account)
                throw Violation(description: "what is not there was taken back")
            } catch let error as MoneyError {
                try expectEqual(error, .unknownEntry("PAY-1"))
            }
            _ = try ledger.keep(entry, account: account)
            try expectEqual(try ledger.keep(reversal, account: account), nil)
            try expectEqual(try ledger.keep(reversal, account: account), reversal)
            try expectEqual(try ledger.moneyEntries(account: account), [entry, reversal])
            try expectWhole(ledger)
        },
        Case(description: "keeps the money of accounts apart") { ledger in
            let (one, other) = (try money("PAY-1"), try money("PAY-1", "7"))
            try expectEqual(try ledger.keep(one, account: account), nil)
            try expectEqual(try ledger.keep(other, account: "other"), nil)
            try expectEqual(try ledger.moneyEntries(account: account), [one])
            try expectEqual(try ledger.moneyEntries(account: "other"), [other])
            try expectEqual(try ledger.moneyEntries(account: "nobody"), [])
        },
    ]
}
