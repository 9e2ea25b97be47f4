import Accounting
import Pricing
import ProviderUsage
import StreamClient

/// Keeps what each answer used, and says what it came to.
struct ChatLedger {
    private let context: LedgerContext
    private let attribution: UsageEvent.Attribution
    private(set) var session = SessionCosts()

    init(_ context: LedgerContext, _ attribution: UsageEvent.Attribution) {
        self.context = context
        self.attribution = attribution
    }

    /// Keeps an event, safe from a loss of power once it returns; the line that tells of it.
    ///
    /// Throws `StoreError`.
    mutating func keep(_ outcome: ChatOutcome, id: EventID, modelAsked: String) throws -> String {
        let event = event(outcome, id: id, modelAsked: modelAsked)
        let entry = context.pricing.book.entry(for: event)
        _ = try context.ledger.append([entry], account: context.account, durability: .full)
        let price = context.pricing.book.cost(of: entry)
        session.add(price)
        return Self.line(entry, price, outcome)
    }

    private func event(_ outcome: ChatOutcome, id: EventID, modelAsked: String) -> UsageEvent {
        UsageEvent(
            id: id, outcome.reading,
            UsageEvent.Times(
                start: outcome.start, durationMilliseconds: outcome.durationMilliseconds,
                firstTokenMilliseconds: outcome.firstTokenMilliseconds),
            modelAsked: modelAsked, attribution)
    }

    /// `openai gpt-4.1 · 12 in, 345 out, reported · 0.0028 USD · first token 0.42 s of 3.10 s · event …`
    private static func line(
        _ entry: LedgerEntry, _ cost: Cost?, _ outcome: ChatOutcome
    ) -> String {
        let event = entry.event
        let reading = outcome.reading
        var parts = [
            "\(entry.channel) \(entry.model)",
            tokens(event, reading, isCut: outcome.failure != nil), money(cost, entry, reading),
        ]
        let whole = event.durationMilliseconds.map(seconds) ?? "?"
        parts.append(
            event.firstTokenMilliseconds.map { "first token \(seconds($0)) s of \(whole) s" }
                ?? "no token in \(whole) s")
        // Of an answer that failed, the failure says it.
        if outcome.failure == nil, !reading.oddities.isEmpty {
            parts.append("odd: " + reading.oddities.list.map(\.rawValue).joined(separator: ", "))
        }
        parts.append("event \(event.id.text)")
        return parts.joined(separator: " · ")
    }

    private static func tokens(
        _ event: UsageEvent, _ reading: UsageReading, isCut: Bool
    ) -> String {
        guard event.known != .unknown else { return "tokens unknown" }
        let usage = event.usage
        var input = "\(Count.grouped(usage.totalInput)) in"
        let cached = usage.meters.filter { $0.side == .input && $0.isCached }
            .reduce(Int64(0)) { $0 + usage[$1] }
        if cached > 0 { input += " (\(Count.grouped(cached)) cached)" }
        // An estimate is of what came; what was sent nobody counted.
        if !reading.isInputKnown { input = "input unknown" }
        let cut = isCut && event.known == .estimated ? " of a partial answer" : ""
        return "\(input), \(Count.grouped(usage.totalOutput)) out, \(event.known.rawValue)\(cut)"
    }

    private static func money(
        _ cost: Cost?, _ entry: LedgerEntry, _ reading: UsageReading
    ) -> String {
        guard let cost else {
            return entry.line == nil
                ? "cost unknown: no rate of \(entry.channel) for \(entry.model)" : "cost unknown"
        }
        let amount = cost.settled.money.display
        let missing = cost.unpriced.map { $0 == .unreportedInput ? "the input" : $0.name }
        return missing.isEmpty
            ? amount : "at least \(amount), without \(missing.joined(separator: ", "))"
    }

    /// `0.42`
    private static func seconds(_ milliseconds: Int64) -> String {
        let hundredths = (milliseconds + 5) / 10 % 100
        return "\((milliseconds + 5) / 1000).\(hundredths < 10 ? "0" : "")\(hundredths)"
    }
}

/// What a session came to so far.
struct SessionCosts {
    private var sums: [Currency: Money] = [:]
    private var answers = 0
    private var incomplete = 0
    private var unknown = 0

    mutating func add(_ cost: Cost?) {
        answers += 1
        guard let cost else {
            unknown += 1
            return
        }
        if !cost.isComplete { incomplete += 1 }
        let money = cost.settled.money
        do throws(PricingError) {
            sums[money.currency] = try (sums[money.currency] ?? .zero(money.currency)).adding(money)
        } catch {
            unknown += 1
        }
    }

    /// `2 answers: 0.0057 USD; 1 of them without a cost that is known`
    var description: String {
        let amounts = sums.sorted { $0.key.code < $1.key.code }.map(\.value.display)
        var text = "\(answers) answer\(answers == 1 ? "" : "s"): "
        text += amounts.isEmpty ? "no cost that is known" : amounts.joined(separator: " + ")
        if incomplete > 0 { text += "; \(incomplete) priced in part, so that it is at least that" }
        if unknown > 0, !amounts.isEmpty { text += "; \(unknown) of unknown cost" }
        return text
    }
}
