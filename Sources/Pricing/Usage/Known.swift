/// How the usage of an event is known, the best first: a better one takes the place of a worse.
package enum Known: String, CaseIterable, Sendable, Comparable {
    /// The vendor's final usage.
    case reported
    /// A stream that was cut: the last usage that the vendor sent.
    case partial
    /// From the text that came, by a method that says its name.
    case estimated
    /// Nothing to go on: the cost is unknown, and never zero.
    case unknown

    package static func < (lhs: Known, rhs: Known) -> Bool { lhs.rank < rhs.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
