import Pricing
import Yams

/// Reads one YAML document; anchors, aliases, tags and several documents are refused.
package enum YAMLReader {
    /// The largest file that is read.
    package static let maximumBytes = 4 << 20

    /// The root, or `nil` with the fault in `collector`.
    package static func read(_ text: String, file: String, collector: FaultCollector) -> ConfigNode? {
        func refuse(_ line: Int?, _ problem: String) -> ConfigNode? {
            collector.add(Fault(file: file, line: line, problem: problem))
            return nil
        }
        guard text.utf8.count <= maximumBytes else {
            return refuse(nil, "more than \(maximumBytes >> 20) MiB; split the file")
        }
        if let line = AnchorScan.firstLine(of: text) {
            return refuse(line, "anchors and aliases are refused; write the value out, or quote the text")
        }
        do {
            guard let root = try Yams.compose(yaml: text, .basic) else {
                return refuse(nil, "the file is empty")
            }
            return convert(root, file: file, field: "", depth: 0, collector: collector)
        } catch let error as YamlError {
            return refuse(line(of: error), problem(of: error))
        } catch {
            return refuse(nil, "not YAML: \(error)")
        }
    }

    private static func convert(
        _ node: Node, file: String, field: String, depth: Int, collector: FaultCollector
    ) -> ConfigNode {
        func make(_ content: ConfigNode.Content) -> ConfigNode {
            ConfigNode(
                content: content, file: file, line: node.mark?.line ?? 1, field: field,
                collector: collector)
        }
        guard depth < 16 else {
            let place = make(.scalar(""))
            place.fault("nested more than 16 levels deep")
            return place
        }
        switch node {
        case .scalar(let scalar): return make(.scalar(scalar.string))
        case .sequence(let sequence):
            return make(
                .sequence(
                    sequence.enumerated().map { index, element in
                        convert(
                            element, file: file, field: "\(field)[\(index)]", depth: depth + 1,
                            collector: collector)
                    }))
        case .mapping(let mapping):
            return make(
                .mapping(
                    mapping.map { key, value in
                        let name = key.scalar?.string ?? ""
                        let inner = field.isEmpty ? name : "\(field).\(name)"
                        return (
                            name, key.mark?.line ?? 1,
                            convert(value, file: file, field: inner, depth: depth + 1, collector: collector)
                        )
                    }))
        case .alias: return make(.scalar(""))
        }
    }

    private static func line(of error: YamlError) -> Int? {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }

    private static func problem(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _),
            .composer(_, let problem, _, _):
            "not YAML: \(problem)"
        case .duplicatedKeysInMapping(let duplicates, _):
            "duplicate key \(duplicates.map(quoted).joined(separator: ", "))"
        case .reader(let problem, _, _, _): "not YAML: \(problem)"
        default: "not YAML"
        }
    }
}

/// Finds YAML's anchors (`&name`) and aliases (`*name`) before anything expands them: an alias used as a key is hashed
/// through all that it stands for, so that a few lines would take hours.
enum AnchorScan {
    /// The line, from 1, where a token begins with `&` or `*`; a text that only looks so can be put in quotes.
    static func firstLine(of text: String) -> Int? {
        var line = 1
        var quote: UInt8?
        var previous = UInt8(ascii: "\n")
        var isComment = false
        var candidate = false
        for byte in text.utf8 {
            if candidate, isNameByte(byte) { return line }
            candidate = false
            if byte == UInt8(ascii: "\n") {
                line += 1
                isComment = false
            } else if isComment {
                continue
            } else if let open = quote {
                // A backslash hides the next quote in "…"; '' inside '…' closes and opens again.
                if byte == open, open != UInt8(ascii: "\"") || previous != UInt8(ascii: "\\") { quote = nil }
            } else if startsToken(after: previous) {
                switch byte {
                case UInt8(ascii: "&"), UInt8(ascii: "*"): candidate = true
                case UInt8(ascii: "#"): isComment = true
                case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = byte
                default: break
                }
            }
            previous = byte == UInt8(ascii: "\\") && previous == byte ? 0 : byte
        }
        return nil
    }

    private static func startsToken(after byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t"),
            UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","):
            true
        default: false
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...:
            true
        default: false
        }
    }
}
