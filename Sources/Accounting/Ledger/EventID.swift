import Crypto
import Pricing

/// What makes an event the same event: 16 bytes, our own UUIDv7 for a request that we sent, and a
/// hash of where it came from and its id there for one that was imported.
package struct EventID: Hashable, Sendable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A new UUIDv7 (<https://www.rfc-editor.org/rfc/rfc9562#section-5.7>): 48 bits of time, the
    /// version, and 74 random bits.
    package init(
        mintedAt time: Timestamp, using generator: inout some RandomNumberGenerator
    ) {
        let milliseconds = UInt64(max(time.milliseconds, 0)) & 0xFFFF_FFFF_FFFF
        high = milliseconds << 16 | 0x7000 | generator.next() & 0x0FFF
        low = 0x8000_0000_0000_0000 | generator.next() & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// When it was minted, in milliseconds since 1970; `nil` for an id that says nothing of a time.
    package var mintedMilliseconds: Int64? {
        high & 0xF000 == 0x7000 ? Int64(high >> 16) : nil
    }

    package init(mintedAt time: Timestamp) {
        var generator = SystemRandomNumberGenerator()
        self.init(mintedAt: time, using: &generator)
    }

    /// The id of an event that `source` knows as `id`: the first half of SHA-256 over both, marked
    /// as a UUIDv8.
    package init(importedFrom source: String, id: some Sequence<UInt8>) {
        var bytes = Array(source.utf8)
        bytes.append(0)
        bytes.append(contentsOf: id)
        let digest = Array(SHA256.hash(data: bytes))
        high = Self.word(digest[0..<8]) & ~0xF000 | 0x8000
        low = Self.word(digest[8..<16]) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = Self.word(bytes.prefix(8))
        low = Self.word(bytes.dropFirst(8))
    }

    /// Reads `text`; `nil` for anything else.
    package init?(_ text: String) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], !text.contains("+"),
            let high = UInt64(groups[0...2].joined(), radix: 16),
            let low = UInt64(groups[3...4].joined(), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// `019ab0c1-7d3e-7a41-9c55-3f1b2a6d8e90`
    package var text: String {
        String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for digit in 0..<32 {
                if [8, 12, 16, 20].contains(digit) {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = digit < 16 ? high : low
                text[place] = Self.digits[Int(word >> UInt64(60 - digit % 16 * 4) & 15)]
                place += 1
            }
            return place
        }
    }

    /// As they are kept: the order of the bytes is the order of the ids.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    package static func < (lhs: EventID, rhs: EventID) -> Bool {
        (lhs.high, lhs.low) < (rhs.high, rhs.low)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func word(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
