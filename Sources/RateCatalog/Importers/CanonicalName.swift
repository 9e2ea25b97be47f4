import Pricing

/// How sellers spell one model, brought to one spelling: `claude-sonnet-4.5`.
package enum CanonicalName {
    /// Versions with a dot: `claude-3-5-sonnet` → `claude-3.5-sonnet`, and with `letterP`
    /// `deepseek-v3p2` → `deepseek-v3.2`.
    ///
    /// Hyphens are read as dots in names of Claude alone, whose vendor writes both.
    package static func dotted(_ name: String, letterP: Bool = false) -> String {
        var bytes = Array(name.utf8)
        let isClaude = name.hasPrefix("claude-")
        for index in bytes.indices.dropFirst().dropLast() {
            let isMark =
                isClaude && bytes[index] == UInt8(ascii: "-")
                || letterP && bytes[index] == UInt8(ascii: "p")
            guard isMark, isLoneDigit(bytes, index - 1), isLoneDigit(bytes, index + 1) else {
                continue
            }
            bytes[index] = UInt8(ascii: ".")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Without `-20250929`, `-v1:0` and `:0` at the end, as clouds write them.
    package static func withoutVersion(_ name: String) -> String {
        var name = name[...]
        if let colon = name.lastIndex(of: ":"),
            name[name.index(after: colon)...].allSatisfy(\.isNumber)
        {
            name = name[..<colon]
            if name.hasSuffix("-1") { name = name.dropLast(2) }
        }
        if let dash = name.lastIndex(of: "-") {
            let tail = name[name.index(after: dash)...]
            if tail.first == "v", tail.count == 2, tail.last?.isNumber ?? false {
                name = name[..<dash]
            }
        }
        if let dash = name.lastIndex(of: "-") {
            let tail = name[name.index(after: dash)...]
            if tail.utf8.count == 8, tail.hasPrefix("20"), tail.allSatisfy(\.isNumber) {
                name = name[..<dash]
            }
        }
        return String(name)
    }

    /// What two spellings of one model share: small letters, with `.` and `_` read as `-`.
    package static func key(_ name: String) -> String {
        String(
            decoding: name.lowercased().utf8.map { byte in
                byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : byte
            }, as: UTF8.self)
    }

    /// A digit with no digit at the side away from the mark, so that dates stay whole.
    private static func isLoneDigit(_ bytes: [UInt8], _ index: Int) -> Bool {
        func isDigit(_ place: Int) -> Bool {
            bytes.indices.contains(place) && bytes[place] >= 0x30 && bytes[place] <= 0x39
        }
        return isDigit(index) && !(isDigit(index - 1) || isDigit(index + 1))
    }
}
