import JSONBytes
import Pricing

/// A signed settled amount that is no request: what came to a channel's balance or left it, or was
/// promised.
///
/// It is never changed: a wrong one is taken back by another that names it.
package struct MoneyEntry: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Paid in.
        case topUp = "top_up"
        /// Free credit.
        case grant
        /// Given back by the channel: to the balance, or paid out of it.
        case refund
        /// Whatever puts the balance right, up or down.
        case adjustment
        /// What of the money paid in became no credit.
        case tax
        /// An amount that is to be spent within a period; it moves no balance.
        case commitment

        /// For people: `top-up`.
        package var word: String { String(rawValue.map { $0 == "_" ? "-" : $0 }) }
    }

    /// How money came, or went.
    package enum Method: String, CaseIterable, Sendable {
        case alipay, wechat, card, bank, other
        /// Of a refund that became credit and was paid to nobody.
        case balance
    }

    /// Unique in an account: a payment's number, or one of ours.
    package let id: String
    package let time: Timestamp
    /// A channel's id.
    package let channel: String
    package let kind: Kind
    /// What it adds to the balance, below zero what it takes from it; of a commitment what was
    /// promised.
    package let amount: Money
    package let method: Method?
    package let note: String?
    /// When what is left of a credit is lost, or a commitment's period ends; exclusive.
    package let expires: Timestamp?
    /// The id of the entry that it takes back.
    package let reverses: String?

    /// An entry may move 10¹² units of its currency.
    package static let maximumUnits: Int128 = 1_000_000_000_000
    package static let maximumIDBytes = 200
    package static let maximumNoteBytes = 1_000
    /// What the ids of reversals begin with, and no other's.
    package static let reversalPrefix = "reversal:"

    package init(
        id: String, time: Timestamp, channel: String, kind: Kind, amount: Money,
        method: Method? = nil, note: String? = nil, expires: Timestamp? = nil,
        reverses: String? = nil
    ) {
        self.id = id
        self.time = time
        self.channel = channel
        self.kind = kind
        self.amount = amount
        self.method = method
        self.note = note
        self.expires = expires
        self.reverses = reverses
    }

    /// The entry that takes this one back. Its id follows from this one's, so that nothing is taken
    /// back twice.
    package func reversal(at time: Timestamp, note: String?) -> MoneyEntry {
        MoneyEntry(
            id: Self.reversalPrefix + id, time: time, channel: channel, kind: kind,
            amount: Money(currency: amount.currency, attos: -amount.attos), note: note,
            reverses: id)
    }

    /// The same at another time.
    func at(_ time: Timestamp) -> MoneyEntry {
        MoneyEntry(
            id: id, time: time, channel: channel, kind: kind, amount: amount, method: method,
            note: note, expires: expires, reverses: reverses)
    }

    /// What it adds to its channel's balance.
    package var effect: Int128 { kind == .commitment ? 0 : amount.attos }

    /// What it adds to what the channel charges for the usage of its day: tax on top, refunds and
    /// adjustments against or in the channel's favour. Payments and free credit charge nothing.
    package var charge: Int128 {
        switch kind {
        case .tax, .adjustment: -amount.attos
        // Money that was paid out is a payment turned round.
        case .refund: method == .balance ? -amount.attos : 0
        case .topUp, .grant, .commitment: 0
        }
    }

    // MARK: Rules

    /// What does not hold of an entry by itself, with the name of the field; `nil` where all does.
    package var problem: (field: String, problem: String)? {
        if id.isEmpty || id.utf8.count > Self.maximumIDBytes {
            return ("id", "an id has 1 to \(Self.maximumIDBytes) bytes")
        }
        if id.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return ("id", "an id is one line of text")
        }
        if id.hasPrefix(Self.reversalPrefix) != (reverses != nil) {
            return ("id", "ids that begin with \(Self.reversalPrefix) are those of reversals")
        }
        if let note, note.utf8.count > Self.maximumNoteBytes {
            return ("note", "longer than \(Self.maximumNoteBytes) bytes")
        }
        return amountProblem ?? methodProblem ?? expiryProblem
    }

    private var amountProblem: (String, String)? {
        if amount.attos == 0 { return ("amount", "nothing: an entry moves an amount") }
        if amount.attos.magnitude > (Self.maximumUnits * DecimalText.one).magnitude {
            return (
                "amount",
                "more than \(Count.groupedDigits("\(Self.maximumUnits)")) \(amount.currency.code)"
            )
        }
        let isRight =
            switch (kind, amount.attos > 0) {
            case (.adjustment, _): true
            case (.tax, let isAbove): !isAbove
            case (.refund, let isAbove): isAbove == (method == .balance)
            case (.topUp, let isAbove), (.grant, let isAbove), (.commitment, let isAbove): isAbove
            }
        return isRight || reverses != nil
            ? nil : ("amount", "a \(kind.word) of \(amount.display) has the wrong sign")
    }

    private var methodProblem: (String, String)? {
        let methods = Self.methods(of: kind)
        if reverses != nil { return method == nil ? nil : ("method", "a reversal has none") }
        guard let method else {
            return kind == .refund ? ("method", "a refund says where it went") : nil
        }
        return methods.contains(method)
            ? nil : ("method", "\(quoted(method.rawValue)) is no method of a \(kind.word)")
    }

    private var expiryProblem: (String, String)? {
        guard let expires else {
            return kind == .commitment && reverses == nil
                ? ("expires", "a commitment says when its period ends") : nil
        }
        guard Self.mayExpire(kind), reverses == nil else {
            return ("expires", "a \(kind.word) does not expire")
        }
        return expires > time
            ? nil
            : ("expires", "it ends at \(expires.text), and begins at \(time.text)")
    }

    package static func methods(of kind: Kind) -> [Method] {
        switch kind {
        case .topUp: Method.allCases.filter { $0 != .balance }
        case .refund: Method.allCases
        default: []
        }
    }

    package static func mayExpire(_ kind: Kind) -> Bool {
        [.topUp, .grant, .commitment].contains(kind)
    }

    // MARK: Shown

    /// `top-up of ¥100.00 on holysheep at 2026-11-01T00:00:00Z`
    var summary: String {
        "\(reverses == nil ? "" : "reversal of a ")\(kind.word) of \(amount.display) on \(channel) at \(time.text)"
    }

    var json: JSONValue {
        .object([
            "id": .string(id), "time": .string(time.text), "channel": .string(channel),
            "kind": .string(kind.rawValue), "amount": amount.json,
            "method": method.map { .string($0.rawValue) }, "note": note.map(JSONValue.string),
            "expires": (expires?.text).map(JSONValue.string),
            "reverses": reverses.map(JSONValue.string),
        ])
    }
}

extension [MoneyEntry] {
    /// Those that count: an entry that was taken back, and what took it back, come to nothing.
    package var standing: [MoneyEntry] {
        let reversed = Set(compactMap(\.reverses))
        return filter { $0.reverses == nil && !reversed.contains($0.id) }
    }
}
