import Accounting
import Pricing

/// What every `UsageLedger` and `MoneyLedger` promises, as cases that a store's tests run one by one.
package enum LedgerContract {
    package struct Case: Sendable, CustomStringConvertible {
        package let description: String
        /// Runs against a new, empty ledger whose database knows `rates`.
        package let run: @Sendable (Store) throws -> Void
    }

    /// What one store serves.
    package typealias Store = any UsageLedger & BudgetReservations & MoneyLedger

    package struct Violation: Error, CustomStringConvertible {
        package let description: String
    }

    package static let all: [Case] =
        onceCases + precedenceCases + correctionCases + sumCases + boundaryCases
        + reservationCases + moneyCases

    package static let account = "default"

    /// One channel, one model at 2.00 and 8.00 USD per million, and a model with a least of 100.
    package static var rates: Catalog {
        get throws {
            let read = Publication(
                source: "made up", checked: CivilDate(daysSinceEpoch: 20_000))
            func rate(_ text: String) throws -> Rate {
                try Rate(quote: Money(text, .usd), per: 1_000_000)
            }
            let lines = [
                RateLine(
                    id: "L1", channel: "shop", model: "plain", currency: .usd,
                    validFrom: Timestamp(milliseconds: 0),
                    rates: Rates([(.input, try rate("2")), (.output, try rate("8"))])),
                RateLine(
                    id: "L2", channel: "shop", model: "least", currency: .usd,
                    validFrom: Timestamp(milliseconds: 0), minimumUnits: [.input: 100],
                    rates: Rates([(.input, try rate("1"))])),
            ]
            return Catalog(
                digest: "contract", date: nil,
                channels: [Channel(id: "shop", name: "Shop", currency: .usd)],
                models: ["plain", "least"].map { Model(id: $0, name: $0, vendor: "shop") },
                exchangeRates: [], lines: lines.map { CatalogLine(line: $0, publication: read) })
        }
    }

    package static let noon = Timestamp(milliseconds: 1_760_000_400_000)  // 2025-10-09T09:00:00Z

    /// An event of 100 input and 10 output tokens.
    package static func entry(
        _ id: UInt64, at time: Timestamp = noon, model: String = "plain", input: Int64 = 100,
        output: Int64 = 10, known: Known = .reported, project: String? = nil,
        user: String? = nil, tags: [String: String] = [:], isPriced: Bool = true
    ) throws -> LedgerEntry {
        let event = UsageEvent(
            id: EventID(high: id &* 0x9E37_79B9_7F4A_7C15, low: id), start: time, channel: "shop",
            modelAsked: model, usage: try Usage([.input: input, .output: output]), known: known,
            source: "test", project: project, user: user, tags: tags)
        let line = try rates.lines.map(\.line).first { $0.model == model }
        return LedgerEntry(
            event: event, channel: "shop", model: model, line: isPriced ? line : nil,
            pricedBy: isPriced ? .asked : nil)
    }

    // MARK: Checks

    static func expect(
        _ condition: Bool, _ problem: @autoclosure () -> String, line: Int = #line
    ) throws {
        if !condition { throw Violation(description: "line \(line): \(problem())") }
    }

    static func expectEqual<T: Equatable>(_ one: T, _ other: T, line: Int = #line) throws {
        try expect(one == other, "\(one) is not \(other)", line: line)
    }

    static func append(
        _ entries: LedgerEntry..., to ledger: any UsageLedger
    ) throws -> [AppendOutcome] {
        try ledger.append(entries, account: account, durability: .normal)
    }

    /// All usage of all time in one sum.
    package static func total(_ ledger: any UsageLedger, account: String = account) throws
        -> UsageSum
    {
        try sum(ledger, from: Timestamp(milliseconds: 0), account: account)
    }

    static func sum(
        _ ledger: any UsageLedger, from start: Timestamp,
        to end: Timestamp = Timestamp(milliseconds: 4_000_000_000_000),
        _ filter: EventFilter = EventFilter(), account: String = account
    ) throws -> UsageSum {
        let query = SumQuery(boundaries: [start, end], filter: filter)
        return try ledger.sums(query, account: account).reduce(into: UsageSum()) {
            $0.add($1.sum)
        }
    }

    package static func expectWhole(_ ledger: any UsageLedger, line: Int = #line) throws {
        let verification = try ledger.verify(account: account, repairingRollups: false)
        try expectEqual(verification.problems, [], line: line)
    }
}

extension Timestamp {
    func plus(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds + milliseconds)
    }
}
