import Pricing

/// An entry as somebody asks for it to be kept: amounts are given above zero, and their kind says
/// which way they go.
struct MoneyQuestion {
    static let names = [
        "channel", "amount", "id", "at", "note", "method", "expires", "timezone",
    ]

    let entry: MoneyEntry
    /// Whether its time was given; else it is the moment of the question, and says nothing about
    /// which entry is meant.
    let isTimeGiven: Bool

    init(_ kind: MoneyEntry.Kind, _ parameters: Parameters, _ context: LedgerContext) throws {
        try parameters.refuseUnknown(Self.names)
        let pricing = context.pricing
        let zone = try pricing.zone(parameters)
        let time = try pricing.at(parameters)
        isTimeGiven = parameters.has("at")
        let channel = try context.payableChannel(parameters)
        guard let given = try parameters.money("amount") else {
            throw QuestionError.missing(field: parameters.spelled("amount"))
        }
        let method = try Self.method(kind, parameters)
        let currencies = try context.paidCurrencies(of: channel, at: time)
        guard currencies.contains(given.currency) else {
            let paid = currencies.map(\.code).joined(separator: " or ")
            throw QuestionError.invalid(
                field: parameters.spelled("amount"),
                problem:
                    "channel \(quoted(channel.id)) is paid in \(paid), not in \(given.currency.code); write what was paid in \(paid)"
            )
        }
        guard kind == .adjustment || given.attos > 0 else {
            throw QuestionError.invalid(
                field: parameters.spelled("amount"),
                problem:
                    "\(quoted(given.amountText + given.currency.code)) is not above zero; an adjustment alone may be below"
            )
        }
        let takes = kind == .tax || kind == .refund && method != .balance
        entry = MoneyEntry(
            id: try parameters.text("id") ?? EventID(mintedAt: pricing.now).text, time: time,
            channel: channel.id, kind: kind,
            amount: Money(currency: given.currency, attos: takes ? -given.attos : given.attos),
            method: method, note: try parameters.text("note"),
            expires: try parameters.time("expires", zone: zone, zones: pricing.book.zones))
        if let (field, problem) = entry.problem {
            throw QuestionError.invalid(field: parameters.spelled(field), problem: problem)
        }
    }

    private static func method(
        _ kind: MoneyEntry.Kind, _ parameters: Parameters
    ) throws(QuestionError) -> MoneyEntry.Method? {
        guard let text = try parameters.text("method") else {
            return kind == .refund ? .balance : nil
        }
        let known = MoneyEntry.methods(of: kind)
        guard let method = known.first(where: { $0.rawValue == text }) else {
            let words = known.map(\.rawValue).joined(separator: ", ")
            throw .invalid(
                field: parameters.spelled("method"),
                problem: "\(quoted(text)) is no method of a \(kind.word); known: \(words)")
        }
        return method
    }

    /// Whether an entry that has the id is this one, told again.
    func isRepeat(of standing: MoneyEntry) -> Bool {
        standing == (isTimeGiven ? entry : entry.at(standing.time))
    }
}

extension LedgerContext {
    /// A channel that money can be paid to: of the rates in use, or of older ones.
    func payableChannel(_ parameters: Parameters) throws -> Channel {
        let name = try parameters.required("channel")
        do {
            return try pricing.book.channel(named: name)
        } catch {
            if let former = try ledger.formerChannels([name]).first { return former }
            guard name == Channel.direct else { throw error }
            throw QuestionError.invalid(
                field: parameters.spelled("channel"),
                problem: "direct is each model's own vendor; name one, such as openai")
        }
    }

    /// The currencies in which a channel's bills were paid at a time: that of its own list first,
    /// then those of others that it sells by.
    func paidCurrencies(of channel: Channel, at time: Timestamp) throws -> [Currency] {
        let lists = pricing.book.catalog.lines.filter { $0.line.channel == channel.id }
            .map(\.line.currency)
        var paid: [Currency] = []
        for billed in [channel.currency] + Set(lists).subtracting([channel.currency]).sorted() {
            let currency = try channel.settlement(of: billed, at: time)?.pays.currency ?? billed
            if !paid.contains(currency) { paid.append(currency) }
        }
        return paid
    }
}
