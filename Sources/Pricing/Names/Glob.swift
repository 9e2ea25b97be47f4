/// Globs: `*` is any run of bytes, `?` one byte (one character, for names are ASCII), `#` one digit.
package enum Glob {
    private static let star = UInt8(ascii: "*")

    package static func matches(_ pattern: some Collection<UInt8>, _ text: some Collection<UInt8>)
        -> Bool
    {
        matches(Array(pattern), Array(text))
    }

    package static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (p, t) = (0, 0)
        var last: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == star {
                last = (p, t)
                p += 1
            } else if p < pattern.count, matches(pattern[p], text[t]) {
                p += 1
                t += 1
            } else if let retry = last {
                p = retry.pattern + 1
                t = retry.text + 1
                last = (retry.pattern, t)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == star }
    }

    private static func matches(_ symbol: UInt8, _ byte: UInt8) -> Bool {
        switch symbol {
        case UInt8(ascii: "?"): true
        case UInt8(ascii: "#"): byte >= 0x30 && byte <= 0x39
        default: symbol == byte
        }
    }

    /// The letters that a text must have, whatever the wildcards stand for.
    package static func letters(_ pattern: [UInt8]) -> Int { pattern.count { $0 != star } }

    /// One bit a kind of byte: a text that lacks a bit of a pattern's cannot match it.
    static func fingerprint(ofText text: [UInt8]) -> UInt64 {
        text.reduce(0) { $0 | 1 << UInt64($1 & 63) }
    }

    static func fingerprint(ofPattern pattern: [UInt8]) -> UInt64 {
        pattern.reduce(0) { bits, symbol in
            "*?#".utf8.contains(symbol) ? bits : bits | 1 << UInt64(symbol & 63)
        }
    }
}
