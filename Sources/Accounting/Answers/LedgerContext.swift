import Pricing

/// A question to the ledger: whose events, of when, by what.
package struct LedgerContext: Sendable {
    package let pricing: PricingContext
    package let ledger: any UsageLedger & MoneyLedger
    package let account: String

    package static let defaultAccount = "default"

    package init(
        _ pricing: PricingContext, ledger: any UsageLedger & MoneyLedger,
        account: String = LedgerContext.defaultAccount
    ) {
        self.pricing = pricing
        self.ledger = ledger
        self.account = account
    }
}

extension LedgerContext {
    /// The channels of some ids, those that the rates in use no longer have included.
    func channels(_ ids: Set<String>) throws -> [Channel] {
        let known = pricing.book.catalog.channels.filter { ids.contains($0.id) }
        let gone = ids.subtracting(known.map(\.id))
        return gone.isEmpty ? known : known + (try ledger.formerChannels(gone))
    }

    /// What to say where nothing is found: an empty ledger, or a range without events.
    func emptiness(_ range: LedgerRange, zone: String) throws -> String {
        let status = try ledger.status(account: account)
        guard status.rows > 0, let oldest = status.oldest, let newest = status.newest else {
            return "no events in \(ledger.location); try: tokenmeter demo, tokenmeter ledger import"
        }
        let events = Count.grouped(status.known.values.reduce(0, +))
        return
            "no such events; \(ledger.location) holds \(events), from \(oldest.text) to \(newest.text)"
    }
}
