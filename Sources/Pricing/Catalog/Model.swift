/// What a vendor serves, by its canonical id, with the other names it has gone by.
package final class Model: Sendable {
    package let id: String
    package let name: String
    /// The channel that `direct` stands for.
    package let vendor: String
    package let aliases: [DatedName]
    package let patterns: [DatedName]

    package init(
        id: String, name: String, vendor: String, aliases: [DatedName] = [],
        patterns: [DatedName] = []
    ) {
        self.id = id
        self.name = name
        self.vendor = vendor
        self.aliases = aliases
        self.patterns = patterns
    }
}

/// An alias or a glob pattern that stood for a model from one day to another: `deepseek-chat`
/// moves.
package struct DatedName: Hashable, Sendable {
    package let text: String
    package let validFrom: Timestamp
    /// Exclusive; `nil` while it holds.
    package let validTo: Timestamp?
    /// Globs that a pattern leaves out.
    package let except: [String]

    package init(
        text: String, validFrom: Timestamp, validTo: Timestamp? = nil, except: [String] = []
    ) {
        self.except = except
        self.text = text
        self.validFrom = validFrom
        self.validTo = validTo
    }

    package func holds(at time: Timestamp) -> Bool {
        validFrom <= time && validTo.map { time < $0 } ?? true
    }

    package func overlaps(_ other: DatedName) -> Bool {
        (validTo.map { other.validFrom < $0 } ?? true)
            && (other.validTo.map { validFrom < $0 } ?? true)
    }
}

/// Globs: `*` is any run of bytes, `?` one byte (one character, for names are ASCII), `#` one digit.
package enum Glob {
    package static func matches(_ pattern: some Collection<UInt8>, _ text: some Collection<UInt8>)
        -> Bool
    {
        let pattern = Array(pattern)
        let text = Array(text)
        var (p, t) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, t)
                p += 1
            } else if p < pattern.count, matches(pattern[p], text[t]) {
                p += 1
                t += 1
            } else if let last = star {
                p = last.pattern + 1
                t = last.text + 1
                star = (last.pattern, t)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private static func matches(_ symbol: UInt8, _ byte: UInt8) -> Bool {
        switch symbol {
        case UInt8(ascii: "?"): true
        case UInt8(ascii: "#"): byte >= 0x30 && byte <= 0x39
        default: symbol == byte
        }
    }
}
