import Pricing

/// Amounts drawn with the block characters of Unicode, in eighths of a character.
package enum BlockGlyphs {
    /// From an eighth to a whole, filled from the left.
    private static let parts: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]
    /// From an eighth to a whole, filled from below.
    private static let heights: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// `width` characters for `largest`, and of them the share that `value` has; what is above zero
    /// is seen.
    package static func bar(_ value: Int128, of largest: Int128, width: Int) -> String {
        let eighths = share(value, of: largest, steps: width * 8)
        guard eighths > 0 else { return "" }
        let rest = eighths % 8 == 0 ? "" : String(parts[eighths % 8 - 1])
        return String(repeating: parts[7], count: eighths / 8) + rest
    }

    /// A character for each value: a dot for `nil`, which is nothing there, and else as high as its
    /// share of the largest.
    package static func sparkline(_ values: [Int128?]) -> String {
        let largest = values.compactMap(\.self).max() ?? 0
        return String(
            values.map { value in
                guard let value else { return "·" }
                return heights[max(share(value, of: largest, steps: 8), 1) - 1]
            })
    }

    /// Rounded to the nearest step, but at least one for what is above zero.
    private static func share(_ value: Int128, of largest: Int128, steps: Int) -> Int {
        guard value > 0, largest > 0 else { return 0 }
        let nearest = try? ExactDivision.halfEven(
            min(value, largest), times: Int128(steps), over: largest)
        return max(nearest.map(Int.init) ?? 0, 1)
    }
}
