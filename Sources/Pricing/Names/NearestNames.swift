/// The names most like a mistyped one.
package enum NearestNames {
    /// At most `limit` of `candidates`, by edit distance and then by name.
    package static func find(
        _ name: String, among candidates: some Sequence<String>, limit: Int = 3
    ) -> [String] {
        let wanted = Array(name.lowercased().utf8.prefix(100))
        let ranked = candidates.map { (distance(wanted, Array($0.lowercased().utf8)), $0) }
        return ranked.sorted { $0 < $1 }.prefix(limit).map(\.1)
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
