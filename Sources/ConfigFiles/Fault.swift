/// What is wrong in a file that people edit: where, in which field, and what.
package struct Fault: Error, Hashable, Sendable, Comparable, CustomStringConvertible {
    package let file: String
    /// Counted from 1; `nil` where the fault is of the whole file.
    package let line: Int?
    /// As it is nested: `lines[2].rates.output`; empty for the file itself.
    package let field: String
    package let problem: String

    package init(file: String, line: Int?, field: String = "", problem: String) {
        self.file = file
        self.line = line
        self.field = field
        self.problem = problem
    }

    /// `channels/openai.yml:12: lines[2].rates.output: "1e9" is not a plain decimal`
    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return field.isEmpty ? "\(place): \(problem)" : "\(place): \(field): \(problem)"
    }

    package static func < (lhs: Fault, rhs: Fault) -> Bool {
        (lhs.file, lhs.line ?? 0, lhs.field, lhs.problem)
            < (rhs.file, rhs.line ?? 0, rhs.field, rhs.problem)
    }
}

/// All faults of one reading, so that a person mends them in one go.
package struct Faults: Error, Sendable, CustomStringConvertible {
    package let list: [Fault]

    package init(_ list: [Fault]) { self.list = list.sorted() }

    package var description: String { list.map(\.description).joined(separator: "\n") }
}

/// Gathers faults while a file is read on.
package final class FaultCollector {
    package private(set) var faults: [Fault] = []

    package init() {}

    package func add(_ fault: Fault) { faults.append(fault) }

    package func throwIfAny() throws {
        guard faults.isEmpty else { throw Faults(faults) }
    }
}
