/// Says of bytes that come in pieces whether they are UTF-8, however the pieces cut a character.
///
/// What may follow a first byte: table 3-7 of the Unicode Standard,
/// <https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/> (checked 2026-11-23).
package struct UTF8Checker: Hashable, Sendable {
    /// Bytes that the character under way still wants.
    private var wanted = 0
    /// What the next of them may be.
    private var next: ClosedRange<UInt8> = 0x80...0xBF

    package init() {}

    /// Whether no character is under way.
    package var isBetweenCharacters: Bool { wanted == 0 }

    /// Whether all bytes so far, these included, can begin a text.
    package mutating func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var place = 0
        while place < bytes.count {
            if wanted == 0 {
                place = Self.endOfASCII(bytes, from: place)
                guard place < bytes.count else { return true }
                guard begin(bytes[place]) else { return false }
            } else {
                guard next.contains(bytes[place]) else { return false }
                wanted -= 1
                next = 0x80...0xBF
            }
            place += 1
        }
        return true
    }

    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: wanted = 1
        case 0xE0...0xEF: wanted = 2
        case 0xF0...0xF4: wanted = 3
        default: return false
        }
        switch byte {
        case 0xE0: next = 0xA0...0xBF
        // The surrogates of UTF-16 are no characters.
        case 0xED: next = 0x80...0x9F
        case 0xF0: next = 0x90...0xBF
        case 0xF4: next = 0x80...0x8F
        default: next = 0x80...0xBF
        }
        return true
    }

    /// Eight bytes at a time, which is what most of a stream is.
    private static func endOfASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var place = start
        while place + 8 <= bytes.count,
            bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            place += 8
        }
        while place < bytes.count, bytes[place] < 0x80 { place += 1 }
        return place
    }
}
