/// The names most like a mistyped one.
package enum NearestNames {
    /// At most `limit` of `candidates`: those that are a slip or two away, then those that hold the
    /// name or are held by it, then the others; each by edit distance and then by name.
    package static func find(
        _ name: String, among candidates: some Sequence<String>, limit: Int = 3
    ) -> [String] {
        let wanted = Array(name.lowercased().utf8.prefix(100))
        let core = core(wanted)
        let ranked = candidates.map { candidate in
            let bytes = Array(candidate.lowercased().utf8.prefix(200))
            let distance = distance(wanted, bytes)
            let isSlip = distance <= min(2, wanted.count / 4)
            let rank = isSlip ? 0 : isPart(core, of: self.core(bytes)) ? 1 : 2
            return (rank, distance, candidate)
        }
        return ranked.sorted { $0 < $1 }.prefix(limit).map(\.2)
    }

    /// Letters and digits behind the last slash: `Llama-3.2` and `llama3.2` are alike.
    private static func core(_ name: [UInt8]) -> [UInt8] {
        let tail = name.lastIndex(of: UInt8(ascii: "/")).map { name[($0 + 1)...] } ?? name[...]
        return tail.filter { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    private static func isPart(_ one: [UInt8], of other: [UInt8]) -> Bool {
        let (short, long) = one.count < other.count ? (one, other) : (other, one)
        guard short.count >= 4 else { return false }
        return (0...(long.count - short.count)).contains { long[$0...].starts(with: short) }
    }

    /// Levenshtein's distance, one row at a time.
    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (i, left) in one.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, right) in other.enumerated() {
                let substituted = diagonal + (left == right ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[other.count]
    }
}
