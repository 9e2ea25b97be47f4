import Pricing

/// One value of a file with its place, read strictly: what does not fit is a fault, and reads
/// as `nil`.
package final class ConfigNode {
    enum Content {
        case scalar(String)
        case sequence([ConfigNode])
        case mapping([(key: String, line: Int, value: ConfigNode)])
    }

    let content: Content
    package let file: String
    package let line: Int
    let path: FieldPath
    let collector: FaultCollector

    init(
        content: Content, file: String, line: Int, path: FieldPath, collector: FaultCollector
    ) {
        self.content = content
        self.file = file
        self.line = line
        self.path = path
        self.collector = collector
    }

    /// As it is nested: `lines[2].rates.output`; empty for the root.
    package var field: String { path.text }

    /// Reports a fault at this place.
    package func fault(_ problem: String) {
        collector.add(Fault(file: file, line: line, field: field, problem: problem))
    }

    /// The text of a scalar that is not empty.
    package var string: String? {
        guard case .scalar(let text) = content, !text.isEmpty else {
            fault("expected a text")
            return nil
        }
        return text
    }

    /// Whether it is a single text rather than a list or keys and values.
    package var isText: Bool {
        if case .scalar = content { return true }
        return false
    }

    package var items: [ConfigNode] {
        guard case .sequence(let items) = content else {
            fault("expected a list")
            return []
        }
        return items
    }

    /// The node as a mapping; keys outside `known` are faults that name the nearest known one.
    package func mapping(_ known: [String]) -> ConfigMapping? {
        guard let mapping = openMapping else { return nil }
        for (key, line, value) in mapping.members where !known.contains(key) {
            let nearest = NearestNames.find(key, among: known, limit: 1)
            collector.add(
                Fault(
                    file: file, line: line, field: value.field,
                    problem: "unknown key \(quoted(key)); nearest: \(nearest.joined())"))
        }
        return mapping
    }

    /// The node as a mapping of keys that only its reader knows.
    package var openMapping: ConfigMapping? {
        guard case .mapping(let members) = content else {
            fault("expected keys and values")
            return nil
        }
        return ConfigMapping(node: self, members: members)
    }

    /// Plain decimal, counted in 10⁻¹⁸.
    package var decimal: Int128? {
        guard let text = string else { return nil }
        guard let attos = DecimalText.parse(text) else {
            fault("\(quoted(text)) is not a plain decimal such as 0.14")
            return nil
        }
        return attos
    }

    /// A whole count: `1000`, `250k`, `10M`.
    package var count: Int64? {
        guard let text = string else { return nil }
        guard let count = Count.parse(text) else {
            fault("\(quoted(text)) is not a whole number such as 1000, 250k or 10M")
            return nil
        }
        return count
    }

    package var date: CivilDate? {
        guard let text = string else { return nil }
        guard let date = CivilDate.parse(text.utf8) else {
            fault("\(quoted(text)) is not a date such as 2026-10-01")
            return nil
        }
        return date
    }

    package var flag: Bool? {
        guard let text = string else { return nil }
        guard text == "true" || text == "false" else {
            fault("\(quoted(text)) is neither true nor false")
            return nil
        }
        return text == "true"
    }

    /// A day, which means its midnight in UTC, or an RFC 3339 moment.
    package var timestamp: Timestamp? {
        guard let text = string else { return nil }
        if let date = CivilDate.parse(text.utf8) { return Timestamp(date) }
        guard let moment = Timestamp.parse(text.utf8) else {
            fault("\(quoted(text)) is not a date or an RFC 3339 time")
            return nil
        }
        return moment
    }

    package var share: Share? {
        string.flatMap { text in
            value { () throws(PricingError) in try Share(parsing: text, for: "") }
        }
    }

    /// What `body` gives; its error becomes a fault at this place.
    package func value<T>(_ body: () throws(PricingError) -> T) -> T? {
        do {
            return try body()
        } catch {
            fault(error.description)
            return nil
        }
    }
}

/// A mapping whose keys are asked for by name.
package struct ConfigMapping {
    package let node: ConfigNode
    let members: [(key: String, line: Int, value: ConfigNode)]

    package subscript(key: String) -> ConfigNode? { members.first { $0.key == key }?.value }

    /// The value of a key that must be there.
    package func required(_ key: String) -> ConfigNode? {
        guard let value = self[key] else {
            node.fault("missing \(quoted(key))")
            return nil
        }
        return value
    }

    package var pairs: [(key: String, value: ConfigNode)] { members.map { ($0.key, $0.value) } }
}

/// Where a value is nested, put into words only when a fault has to name it.
indirect enum FieldPath {
    case root
    case member(of: FieldPath, key: String)
    case element(of: FieldPath, index: Int)

    var text: String {
        switch self {
        case .root: ""
        case .member(.root, let key): key
        case .member(let parent, let key): "\(parent.text).\(key)"
        case .element(let parent, let index): "\(parent.text)[\(index)]"
        }
    }
}
