import JSONBytes

/// Reads one JSON document into the same nodes as YAML: numbers keep the text that was written.
enum JSONConfigReader {
    static func read(_ text: String, file: String, collector: FaultCollector) -> ConfigNode? {
        guard text.utf8.count <= ConfigReader.maximumBytes else {
            collector.add(
                Fault(
                    file: file, line: nil,
                    problem: "more than \(ConfigReader.maximumBytes >> 20) MiB; split the file"))
            return nil
        }
        var text = text
        return text.withUTF8 { bytes in
            var builder = Builder(
                reader: JSONReader(bytes), lines: LineCounter(bytes), file: file,
                collector: collector)
            do {
                let root = try builder.node(.root, depth: 0)
                try builder.reader.expectEnd()
                return root
            } catch {
                let offset = (error as? JSONError)?.offset ?? builder.reader.offset
                let problem = (error as? JSONError)?.problem ?? "\(error)"
                collector.add(
                    Fault(
                        file: file, line: builder.lines.line(at: offset),
                        problem: "not JSON: \(problem)"))
                return nil
            }
        }
    }

    private struct Builder {
        var reader: JSONReader
        var lines: LineCounter
        let file: String
        let collector: FaultCollector

        mutating func node(_ path: FieldPath, depth: Int) throws -> ConfigNode {
            guard depth < ConfigReader.maximumDepth else {
                throw reader.fail("nested more than \(ConfigReader.maximumDepth) levels deep")
            }
            let first = reader.peek()
            let line = lines.line(at: reader.offset)
            let content: ConfigNode.Content
            switch first {
            case UInt8(ascii: "{"): content = .mapping(try members(path, depth: depth))
            case UInt8(ascii: "["): content = .sequence(try elements(path, depth: depth))
            case UInt8(ascii: "\""): content = .scalar(try reader.string())
            case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
                content = .scalar(try reader.word())
            default: content = .scalar(try reader.numberText())
            }
            return ConfigNode(
                content: content, file: file, line: line, path: path, collector: collector)
        }

        private mutating func members(
            _ path: FieldPath, depth: Int
        ) throws -> [(key: String, line: Int, value: ConfigNode)] {
            var members: [(key: String, line: Int, value: ConfigNode)] = []
            let outer = self
            var inner = outer
            try inner.reader.object { reader, key in
                guard let name = String(validating: key, as: UTF8.self) else {
                    throw reader.fail("invalid UTF-8")
                }
                guard !members.contains(where: { $0.key == name }) else {
                    throw reader.fail("duplicate key \"\(name)\"")
                }
                var builder = Builder(
                    reader: reader, lines: outer.lines, file: outer.file,
                    collector: outer.collector)
                let value = try builder.node(.member(of: path, key: name), depth: depth + 1)
                reader = builder.reader
                members.append((name, value.line, value))
            }
            self = inner
            return members
        }

        private mutating func elements(_ path: FieldPath, depth: Int) throws -> [ConfigNode] {
            var elements: [ConfigNode] = []
            let outer = self
            var inner = outer
            try inner.reader.array { reader in
                var builder = Builder(
                    reader: reader, lines: outer.lines, file: outer.file,
                    collector: outer.collector)
                elements.append(
                    try builder.node(
                        .element(of: path, index: elements.count), depth: depth + 1))
                reader = builder.reader
            }
            self = inner
            return elements
        }
    }

    /// Lines from byte offsets that mostly grow.
    struct LineCounter {
        private let ends: [Int]

        init(_ bytes: UnsafeBufferPointer<UInt8>) {
            ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
        }

        func line(at offset: Int) -> Int {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if ends[middle] < offset { low = middle + 1 } else { high = middle }
            }
            return low + 1
        }
    }
}
