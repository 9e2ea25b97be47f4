import Accounting
import Pricing

/// Reads what another program wrote down about usage, a piece at a time.
///
/// A reader knows the shapes of its source and nothing of files, prices or the ledger. It may hold
/// events back until it has seen all pieces: several of them can speak of one request.
package protocol UsageImporter: Sendable {
    /// What `--from` calls it, and the `source` of its events.
    static var name: String { get }

    /// How its files are cut into pieces.
    static var framing: Framing { get }

    /// Throws `QuestionError` for options that mean nothing to it.
    init(_ options: ImportOptions) throws

    /// The pieces that follow are those of another file.
    mutating func beginFile() throws

    /// Reads one piece, a line without its line feed, and adds to what was found.
    ///
    /// Throws `EventProblem` for a piece that is none of the source's, and `UnusableFile` where no
    /// piece of its file can be.
    mutating func read(
        _ piece: UnsafeBufferPointer<UInt8>, _ format: PieceFormat, into found: inout Findings
    ) throws

    /// Hands on the events that were held back, one at a time: all at once they would be large.
    mutating func finish(_ body: (UsageEvent) throws -> Void) throws
}

extension UsageImporter {
    package mutating func beginFile() throws {}
    package mutating func finish(_ body: (UsageEvent) throws -> Void) throws {}
}

package enum UsageImporters {
    package static let all: [any UsageImporter.Type] = [
        TokenmeterLines.self, ClaudeCodeLog.self, CodexSessions.self, RowImporter<OpenAIUsage>.self,
        RowImporter<LiteLLMSpend>.self, RowImporter<OpenRouterActivity>.self, CSVEvents.self,
    ]

    package static func named(_ name: String) -> (any UsageImporter.Type)? {
        for importer in all where importer.name == name { return importer }
        return nil
    }
}

/// What an import was asked besides its files.
package struct ImportOptions: Sendable {
    /// Which columns of a table are which fields, as `--map` says it.
    package var map: [String]
    /// The IANA zone of times that name none.
    package var zone: String
    package var zones: any TimeZoneRules

    package init(
        map: [String] = [], zone: String = "UTC", zones: any TimeZoneRules = UTCOnly()
    ) {
        self.map = map
        self.zone = zone
        self.zones = zones
    }
}

/// What one piece held.
package struct Findings {
    package var events: [RecordedEvent] = []
    /// Parts of the piece that are no events, where others are.
    package var problems: [EventProblem] = []

    package init() {}

    package mutating func add(_ event: UsageEvent) { events.append(RecordedEvent(event)) }

    package mutating func removeAll() {
        if !events.isEmpty { events.removeAll(keepingCapacity: true) }
        if !problems.isEmpty { problems.removeAll() }
    }
}

/// Why nothing of a file can be read: one clear sentence.
package struct UnusableFile: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
