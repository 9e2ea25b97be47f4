import Pricing
import Yams

/// Reads one YAML document; anchors, aliases, tags that change a value and several documents are
/// refused.
package enum YAMLReader {
    /// The largest file that is read.
    package static let maximumBytes = ConfigReader.maximumBytes

    /// The root, or `nil` with the fault in `collector`.
    package static func read(_ text: String, file: String, collector: FaultCollector) -> ConfigNode?
    {
        func refuse(_ line: Int?, _ problem: String) -> ConfigNode? {
            collector.add(Fault(file: file, line: line, problem: problem))
            return nil
        }
        guard text.utf8.count <= maximumBytes else {
            return refuse(nil, "more than \(maximumBytes >> 20) MiB; split the file")
        }
        if let line = AnchorScan.firstLine(of: text) {
            return refuse(line, refusal)
        }
        do {
            guard let root = try Yams.compose(yaml: text, .basic) else {
                return refuse(nil, "the file is empty")
            }
            let faultsBefore = collector.faults.count
            let node = convert(root, file: file, path: .root, depth: 0, collector: collector)
            return collector.faults.count == faultsBefore ? node : nil
        } catch let error as YamlError {
            return refuse(line(of: error), problem(of: error))
        } catch {
            return refuse(nil, "not YAML: \(error)")
        }
    }

    private static let refusal =
        "anchors and aliases are refused; write the value out, and a bare & as \"and\""

    private static func convert(
        _ node: Node, file: String, path: FieldPath, depth: Int, collector: FaultCollector
    ) -> ConfigNode {
        func make(_ content: ConfigNode.Content) -> ConfigNode {
            ConfigNode(
                content: content, file: file, line: node.mark?.line ?? 1, path: path,
                collector: collector)
        }
        if hasTag(node) { make(.scalar("")).fault("tags such as !!binary are refused") }
        guard depth < ConfigReader.maximumDepth else {
            let place = make(.scalar(""))
            place.fault("nested more than \(ConfigReader.maximumDepth) levels deep")
            return place
        }
        switch node {
        case .scalar(let scalar): return make(.scalar(scalar.string))
        case .sequence(let sequence):
            return make(
                .sequence(
                    sequence.enumerated().map { index, element in
                        convert(
                            element, file: file, path: .element(of: path, index: index),
                            depth: depth + 1,
                            collector: collector)
                    }))
        case .mapping(let mapping):
            return make(
                .mapping(
                    mapping.map { key, value in
                        let name = key.scalar?.string ?? ""
                        return (
                            name, key.mark?.line ?? 1,
                            convert(
                                value, file: file, path: .member(of: path, key: name),
                                depth: depth + 1,
                                collector: collector)
                        )
                    }))
        case .alias: return make(.scalar(""))
        }
    }

    private static func hasTag(_ node: Node) -> Bool {
        let tag: Tag
        switch node {
        case .scalar(let scalar): tag = scalar.tag
        case .sequence(let sequence): tag = sequence.tag
        case .mapping(let mapping): tag = mapping.tag
        case .alias: return false
        }
        // The parser calls every quoted text a string, and so it stays to say so by hand.
        return !["", "!", "tag:yaml.org,2002:str"].contains(tag.description)
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
            problem.contains("alias") ? refusal : "not YAML: \(problem)"
        case .duplicatedKeysInMapping(let duplicates, _):
            "duplicate key \(duplicates.map(quoted).joined(separator: ", "))"
        case .reader(let problem, _, _, _): "not YAML: \(problem)"
        default: "not YAML"
        }
    }
}

/// Finds YAML's anchors (`&name`) before anything expands them: an alias used as a key is hashed
/// through all that it stands for, so that a few lines would take hours. Without an anchor no alias
/// stands for anything.
enum AnchorScan {
    /// The line, from 1, that holds an `&` where an anchor could begin, quoted or not: the scan
    /// reads no quotes, so that none can fool it. `R&D` and `?a=1&b=2` are text: no token begins
    /// behind a word. Lines that are nothing but a comment, or text that looks like one, hold no
    /// token at all.
    static func firstLine(of text: String) -> Int? {
        var line = 1
        var previous = UInt8(ascii: "\n")
        var candidate = false
        var isBlankSoFar = true
        var isComment = false
        for byte in text.utf8 {
            if candidate, isNameByte(byte) { return line }
            candidate = byte == UInt8(ascii: "&") && !endsWord(previous) && !isComment
            if byte == UInt8(ascii: "\n") { line += 1 }
            if isBreak(byte) {
                (isBlankSoFar, isComment) = (true, false)
            } else if isBlankSoFar, byte != UInt8(ascii: " ") {
                (isBlankSoFar, isComment) = (false, byte == UInt8(ascii: "#"))
            }
            previous = byte
        }
        return nil
    }

    /// Line feed, carriage return, and the last bytes of U+0085, U+2028 and U+2029, which YAML 1.1
    /// breaks lines at.
    private static func isBreak(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x0A, 0x0D, 0x85, 0xA8, 0xA9: true
        default: false
        }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "_%/=.;)".utf8.contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || byte >= 0x80 || "_-".utf8.contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
