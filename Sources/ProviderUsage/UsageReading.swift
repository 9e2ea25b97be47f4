import Pricing

/// What was read off one body: usage, and what else an event of the ledger tells.
package struct UsageReading: Hashable, Sendable {
    /// Whose shapes the body has; `nil` where nothing told.
    package var api: StreamAPI?
    /// The model that answered.
    package var model: String?
    /// The vendor's id of the answer; not unique, and missing at some.
    package var vendorID: String?
    package var finishReason: String?
    /// The tier that served it, as the vendor writes it.
    package var serviceTier: String?
    /// What else a rate line's `when` may ask for, such as `speed: fast`, as far as the vendor tells it.
    package var attributes: [String: String] = [:]
    /// Disjoint counts.
    package var usage = Usage()
    package var known = Known.unknown
    /// By which method the output was estimated, with its error, and that the answer is partial where
    /// it was cut: `bytes-1 gpt ±55%, partial`; `nil` where nothing was estimated.
    package var method: String?
    /// Whether the vendor said how many tokens went in. Where it did not, the input is unknown, and
    /// no part of `usage`.
    package var isInputKnown = false
    /// What the vendor says it charged.
    package var vendorCost: Money?
    package var oddities = Oddities()
    /// The kind of an error that the body holds, such as `overloaded_error`; never its message.
    package var errorKind: String?
    /// Text that came, in UTF-8 bytes.
    package var text = TextTally()
    /// Events of the stream, or 1 for one document.
    package var payloads = 0
    /// Whether nothing came but what may be the beginning of a body, up to one payload that was cut.
    package var isBeginning = false
    /// Whether the sign of the stream's end came.
    package var isComplete = false

    package init() {}

    /// `usage` as an event of a request tells it: with a sign that the input is not among it.
    package var usageOfRequest: Usage {
        guard known != .unknown, !isInputKnown else { return usage }
        var usage = usage
        // One more never leaves the range of a count.
        try? usage.add(1, of: .unreportedInput)
        return usage
    }
}
