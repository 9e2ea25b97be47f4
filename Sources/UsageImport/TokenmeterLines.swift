import Accounting
import JSONBytes

/// What `ledger export --format ndjson` writes.
package struct TokenmeterLines: UsageImporter {
    package static let name = "tokenmeter"
    package static let mark: StaticString? = nil

    package init() {}

    package mutating func read(_ line: UnsafeBufferPointer<UInt8>) throws -> [UsageEvent] {
        do {
            var reader = JSONReader(line)
            if reader.peek() == nil { return [] }
            let value = try reader.value(numbers: .decimal)
            try reader.expectEnd()
            return [try UsageEvent(value)]
        } catch let error as JSONError {
            throw EventProblem(error.description)
        }
    }

    package mutating func finish(_ body: (UsageEvent) throws -> Void) throws {}
}
