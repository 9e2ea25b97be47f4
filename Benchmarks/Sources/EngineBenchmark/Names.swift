import Pricing

/// Names of the whole catalog, as requests and answers spell them.
struct Names {
    private let book: RateBook
    /// What channels call their models: as many as the book remembers at once.
    private let exact: [(name: String, channel: String)]
    /// Names that only a pattern or another spelling resolves; with a number behind, no two are one.
    private let stems = [
        "claude-haiku-4-5-2025", "us.anthropic.claude-sonnet-4-5-20250929-v", "gpt-5-nano-",
        "anthropic/claude-sonnet-4-5-", "models/gemini-2.0-flash-exp-",
        "global.anthropic.claude-opus-4-5-2025",
    ]
    private let noon = Timestamp(milliseconds: 1_795_348_800_000)
    private static let count = 2_048
    nonisolated(unsafe) private static var asked = 0

    init(_ book: RateBook) {
        self.book = book
        exact = book.catalog.channelNames.filter { !$0.isPattern }.prefix(Self.count).map {
            ($0.name.text, $0.channel)
        }
    }

    func warm(_ index: Int) throws -> Int128 {
        let (name, channel) = exact[index % exact.count]
        return Int128(try book.match(name, on: channel, at: noon).model)
    }

    func uncached(_ index: Int) throws -> Int128 {
        Self.asked &+= 1
        let name = "\(stems[index % stems.count])\(Self.asked)"
        return Int128(try book.match(name, at: noon).model)
    }
}
