import Accounting

/// Reads what another program wrote down about usage, a line at a time.
///
/// A reader knows the shapes of its source and nothing of files, prices or the ledger. It may hold
/// events back until it has seen all lines: several lines can speak of one request.
package protocol UsageImporter: Sendable {
    /// What `--from` calls it, and the `source` of its events.
    static var name: String { get }

    init()

    /// Which lines are worth looking at: those with this text in them; `nil` for all.
    static var mark: StaticString? { get }

    /// Reads one line, without its line feed; the events that are ready now.
    ///
    /// Throws `EventProblem` for a line that is none of the source's.
    mutating func read(_ line: UnsafeBufferPointer<UInt8>) throws -> [UsageEvent]

    /// Hands on the events that were held back, one at a time: all at once they would be large.
    mutating func finish(_ body: (UsageEvent) throws -> Void) throws
}

package enum UsageImporters {
    package static let all: [any UsageImporter.Type] = [
        TokenmeterLines.self, ClaudeCodeLog.self,
    ]

    package static func named(_ name: String) -> (any UsageImporter.Type)? {
        for importer in all where importer.name == name { return importer }
        return nil
    }
}
