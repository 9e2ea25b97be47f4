import Pricing

/// One request: what it used, when, where, and how that is known. What it cost is not here: that
/// follows from its rate line.
package struct UsageEvent: Hashable, Sendable {
    /// Of a name, a tag or an id.
    package static let maximumTextBytes = 1_000

    package var id: EventID
    /// The vendor's own id of the answer; not unique.
    package var vendorID: String?
    package var start: Timestamp
    package var durationMilliseconds: Int64?
    /// From the start to the first token.
    package var firstTokenMilliseconds: Int64?
    /// Where it was bought, as asked; an entry of the ledger names the channel that this means.
    package var channel: String
    package var modelAsked: String
    /// As the answer named it.
    package var modelAnswered: String?
    /// The tier in the answer, which counts.
    package var serviceTier: String
    package var serviceTierAsked: String?
    /// What else a rate line's `when` may ask for, such as `speed: fast`.
    package var attributes: [String: String]
    package var usage: Usage
    package var known: Known
    /// By which method an estimate was made.
    package var method: String?
    /// `relay`, `chat`, `api`, or what an import is called.
    package var source: String
    package var project: String?
    package var user: String?
    package var tags: [String: String]
    /// What the vendor says it charged; kept beside ours and never used as ours.
    package var vendorCost: Money?

    package init(
        id: EventID, vendorID: String? = nil, start: Timestamp,
        durationMilliseconds: Int64? = nil, firstTokenMilliseconds: Int64? = nil,
        channel: String = Channel.direct, modelAsked: String, modelAnswered: String? = nil,
        serviceTier: String = RateConditions.standardTier, serviceTierAsked: String? = nil,
        attributes: [String: String] = [:], usage: Usage, known: Known = .reported,
        method: String? = nil, source: String, project: String? = nil, user: String? = nil,
        tags: [String: String] = [:], vendorCost: Money? = nil
    ) {
        self.id = id
        self.vendorID = vendorID
        self.start = start
        self.durationMilliseconds = durationMilliseconds
        self.firstTokenMilliseconds = firstTokenMilliseconds
        self.channel = channel
        self.modelAsked = modelAsked
        self.modelAnswered = modelAnswered
        self.serviceTier = RateConditions.tier(serviceTier)
        self.serviceTierAsked = serviceTierAsked
        self.attributes = attributes
        self.usage = usage
        self.known = known
        self.method = method
        self.source = source
        self.project = project
        self.user = user
        self.tags = tags
        self.vendorCost = vendorCost
    }

    /// The tag with the number of a volume's requests.
    private static let requestsTag = "requests"

    /// Whether it counts several requests together, as vendors' reports do.
    package var isVolume: Bool { attributes[Purchase.volume] != nil }

    /// How many requests a rate for each of them is charged for.
    package var requests: Int64 {
        guard isVolume, let count = tags[Self.requestsTag].flatMap(Int64.init), count > 0 else {
            return 1
        }
        return min(count, Usage.maximumCount)
    }

    /// Makes it a volume of some requests; one request is none.
    package mutating func count(requests: Int64) {
        guard requests > 1 else { return }
        attributes[Purchase.volume] = "true"
        tags[Self.requestsTag] = String(requests)
    }

    /// Whether it is like another in all that decides which line prices it.
    func isPriced(as other: UsageEvent) -> Bool {
        channel == other.channel && modelAsked == other.modelAsked
            && modelAnswered == other.modelAnswered && serviceTier == other.serviceTier
            && attributes == other.attributes && start == other.start && end == other.end
            && usage == other.usage
    }

    /// When the answer was complete.
    package var end: Timestamp? {
        durationMilliseconds.map { Timestamp(milliseconds: start.milliseconds + $0) }
    }
}

/// An event with what was found out about its price: what the ledger keeps.
package struct LedgerEntry: Hashable, Sendable {
    /// By which of its names the line was found.
    package enum PricedBy: String, Sendable {
        case answered, asked
    }

    package var event: UsageEvent
    /// The channel's id where it is known here, else as it was asked for.
    package var channel: String
    /// The model's canonical id where its name is known, else the name.
    package var model: String
    /// The line that prices it; `nil` where none does, and the cost is unknown.
    package var line: RateLine?
    package var pricedBy: PricedBy?

    package init(
        event: UsageEvent, channel: String, model: String, line: RateLine?,
        pricedBy: PricedBy? = nil
    ) {
        self.event = event
        self.channel = channel
        self.model = model
        self.line = line
        self.pricedBy = pricedBy
    }

    /// The same event under a line that it was priced by before.
    func moved(under line: RateLine) -> LedgerEntry {
        LedgerEntry(
            event: event, channel: line.channel, model: line.model, line: line,
            pricedBy: pricedBy ?? (event.modelAnswered == line.model ? .answered : .asked))
    }
}
