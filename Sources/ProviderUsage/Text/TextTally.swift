import JSONBytes

/// How much text came, by script, as UTF-8 bytes: what an estimate goes by where nobody reports.
package struct TextTally: Hashable, Sendable {
    /// Letters, digits and marks of ASCII, and other alphabets.
    package private(set) var latinBytes: Int64 = 0
    /// Chinese, Japanese and Korean characters.
    package private(set) var cjkBytes: Int64 = 0
    /// Arguments of tools and other text for machines.
    package private(set) var codeBytes: Int64 = 0

    package init() {}

    package var bytes: Int64 { latinBytes + cjkBytes + codeBytes }
    package var isEmpty: Bool { bytes == 0 }

    mutating func replace(ifLarger other: TextTally) { if other.bytes > bytes { self = other } }

    /// Adds the text behind a key, wherever the key stands in a JSON text.
    mutating func add(_ key: StaticString, isCode: Bool = false, in json: UnsafeRawBufferPointer) {
        var offset = 0
        while let place = json.firstIndex(of: key, from: offset) {
            offset = place + key.utf8CodeUnitCount
            guard let start = Self.textStart(json, from: offset) else { continue }
            offset = addText(json, from: start, isCode: isCode)
        }
    }

    /// Behind a key: where its text begins; `nil` where no text is its value.
    private static func textStart(_ json: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var offset = start
        func skipSpace() {
            while offset < json.count, [0x20, 0x09, 0x0A, 0x0D].contains(json[offset]) {
                offset += 1
            }
        }
        skipSpace()
        guard offset < json.count, json[offset] == UInt8(ascii: ":") else { return nil }
        offset += 1
        skipSpace()
        guard offset < json.count, json[offset] == UInt8(ascii: "\"") else { return nil }
        return offset + 1
    }

    /// Counts up to the closing quote; the place behind it.
    private mutating func addText(
        _ json: UnsafeRawBufferPointer, from start: Int, isCode: Bool
    ) -> Int {
        var offset = start
        var latin: Int64 = 0
        var cjk: Int64 = 0
        while offset < json.count {
            let byte = json[offset]
            if byte == UInt8(ascii: "\"") { break }
            // What is cut is not counted: the rest may make something else of it.
            if byte == UInt8(ascii: "\\") {
                guard let (step, bytes, isCJK) = Self.escape(json, at: offset) else { break }
                offset += step
                if isCJK { cjk += bytes } else { latin += bytes }
            } else if byte < 0x80 {
                latin += 1
                offset += 1
            } else {
                let length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
                guard offset + length <= json.count else { break }
                // From U+2E80 on three bytes are CJK, its marks and full width forms.
                let isCJK = length == 3 && (byte > 0xE2 || json[offset + 1] >= 0xBA)
                if isCJK { cjk += 3 } else { latin += Int64(length) }
                offset += length
            }
        }
        if isCode { codeBytes += latin } else { latinBytes += latin }
        cjkBytes += cjk
        return min(offset + 1, json.count)
    }

    /// How long an escape is, and what it stands for takes in UTF-8; `nil` for one that is cut.
    private static func escape(
        _ json: UnsafeRawBufferPointer, at offset: Int
    ) -> (step: Int, bytes: Int64, isCJK: Bool)? {
        guard offset + 1 < json.count else { return nil }
        guard json[offset + 1] == UInt8(ascii: "u") else { return (2, 1, false) }
        guard offset + 5 < json.count else { return nil }
        var unit: UInt32 = 0
        for place in 2...5 {
            let letter = json[offset + place] | 0x20
            let isDigit = letter >= 0x30 && letter <= 0x39
            unit = unit << 4 | UInt32(isDigit ? letter &- 0x30 : letter &- 0x57) & 0xF
        }
        switch unit {
        case ..<0x80: return (6, 1, false)
        case ..<0x800: return (6, 2, false)
        // Half of a pair is half of four bytes.
        case 0xD800..<0xE000: return (6, 2, false)
        default: return (6, 3, unit >= 0x2E80)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a letter, or an underscore, is written as an escape, which no writer does to a text.
    var hasEscapedLetter: Bool {
        var offset = 0
        while let place = firstIndex(of: "\\u00", from: offset) {
            offset = place + 4
            guard offset + 1 < count else { return false }
            let high = self[offset]
            if (0x34...0x37).contains(high) { return true }
        }
        return false
    }

    /// Whether a key stands in a JSON text with a value other than `null`.
    func hasKey(_ key: StaticString) -> Bool {
        var offset = 0
        while let place = firstIndex(of: key, from: offset) {
            offset = place + key.utf8CodeUnitCount
            var next = offset
            while next < count, self[next] <= 0x20 { next += 1 }
            guard next < count, self[next] == UInt8(ascii: ":") else { continue }
            next += 1
            while next < count, self[next] <= 0x20 { next += 1 }
            if next < count, self[next] != UInt8(ascii: "n") { return true }
        }
        return false
    }
}
