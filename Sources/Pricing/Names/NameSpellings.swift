/// The spellings under which a name is looked up, one after the other: as it is, in small letters,
/// with its date in the other form, and without what stands before it.
package struct NameSpellings: Sendable {
    package struct Spelling: Hashable, Sendable {
        package let text: String
        /// What stood before `text/`, a channel perhaps.
        package let head: String?
    }

    package let all: [Spelling]

    /// Longer names are cut: no name in use comes near.
    static let maximumLength = 512

    package init(_ name: String) {
        let lowered = Self.lowered(name)
        var all: [Spelling] = []
        func add(_ text: String, head: String?) {
            guard !text.isEmpty else { return }
            for spelling in [text, Self.withDashedDate(text)] {
                let next = Spelling(text: spelling, head: head)
                if !all.contains(next) { all.append(next) }
            }
        }
        add(lowered, head: nil)
        // `publishers/google/models/x`, `models/x`: a path of resources ends in the name.
        if let path = Self.afterModels(lowered) { add(path, head: nil) }
        // `groq/x`, `openrouter/anthropic/x`: a channel before the name.
        if let slash = lowered.firstIndex(of: "/") {
            add(
                String(lowered[lowered.index(after: slash)...]), head: String(lowered[..<slash]))
        }
        self.all = all
    }

    /// In small letters, without spaces around it.
    static func lowered(_ name: String) -> String {
        let bytes = name.utf8.prefix(maximumLength)
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
        let end = bytes.lastIndex { !isSpace($0) }.map(bytes.index(after:)) ?? start
        return String(decoding: bytes[start..<end], as: UTF8.self).lowercased()
    }

    private static func afterModels(_ name: String) -> String? {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let place = parts.lastIndex(of: "models"), place + 1 < parts.count else {
            return nil
        }
        return parts[(place + 1)...].joined(separator: "/")
    }

    /// `-20251211` at the end of a word as `-2025-12-11`; other names as they are.
    private static func withDashedDate(_ name: String) -> String {
        let bytes = Array(name.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "-"), let date = date(bytes, at: index + 1) {
                result.append(UInt8(ascii: "-"))
                result += Array(date.utf8)
                index += 9
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A day of this century in eight digits, with nothing but an end, `-` or `:` behind it.
    private static func date(_ bytes: [UInt8], at start: Int) -> String? {
        let end = start + 8
        guard end <= bytes.count else { return nil }
        let digits = bytes[start..<end]
        guard digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), digits.starts(with: "20".utf8),
            end == bytes.count || bytes[end] == UInt8(ascii: "-")
                || bytes[end] == UInt8(ascii: ":")
        else { return nil }
        let text = String(decoding: digits, as: UTF8.self)
        let dashed = "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.suffix(2))"
        return CivilDate.parse(dashed.utf8) == nil ? nil : dashed
    }
}
