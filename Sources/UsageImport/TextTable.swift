import Accounting
import JSONBytes

/// Texts of JSON as they are written, between their quotes: each kept once, and known by its place.
///
/// Hundreds of thousands of ids fit into it: a text costs its bytes and a dozen more, and no
/// allocation.
struct TextTable {
    private var bytes: [UInt8] = []
    /// Where each text ends; it begins where the one before it ends.
    private var ends: [Int] = []
    private var hashes: [UInt32] = []
    /// Places by hash, -1 where there is none; twice as many as texts, at least.
    private var slots = [Int32](repeating: -1, count: 64)
    /// Another one in each run, so that no log can be made to collide.
    private let seed = UInt64.random(in: 0...UInt64.max)

    var count: Int { ends.count }

    /// The place of a text; `near` is looked at first, as the one that came last.
    ///
    /// Throws `JSONError` for a new text that is none: bytes that are no UTF-8, escapes that say
    /// nothing.
    mutating func place(of text: UnsafeBufferPointer<UInt8>, near: Int32 = -1) throws -> Int32 {
        if near >= 0, equals(near, text) { return near }
        let hash = hash(text)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = slots[slot]
            if hashes[Int(place)] == hash, equals(place, text) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        _ = try Self.string(text)
        let place = Int32(ends.count)
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        hashes.append(hash)
        slots[slot] = place
        if 2 * ends.count > slots.count { grow() }
        return place
    }

    /// What a text says, its escapes undone.
    func string(_ place: Int32) throws -> String {
        try bytes.withUnsafeBufferPointer { try Self.string(.init(rebasing: $0[range(place)])) }
    }

    private func range(_ place: Int32) -> Range<Int> {
        let index = Int(place)
        return (index > 0 ? ends[index - 1] : 0)..<ends[index]
    }

    private func equals(_ place: Int32, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let range = range(place)
        guard range.count == text.count else { return false }
        return bytes.withUnsafeBufferPointer {
            text.equals(UnsafeBufferPointer(rebasing: $0[range]))
        }
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (place, hash) in hashes.enumerated() {
            var slot = Int(hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(place)
        }
    }

    /// Eight bytes at a time, each folded into a product of 128 bits.
    private func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var state = seed &+ UInt64(text.count)
        let raw = UnsafeRawBufferPointer(text)
        var index = 0
        while index < raw.count {
            var word: UInt64 = 0
            if index + 8 <= raw.count {
                word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            } else {
                for byte in raw[index...] { word = word << 8 | UInt64(byte) }
            }
            let product = (state ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            state = product.high ^ product.low &+ seed
            index += 8
        }
        return UInt32(truncatingIfNeeded: state ^ state >> 32)
    }

    private static func string(_ text: UnsafeBufferPointer<UInt8>) throws -> String {
        guard text.contains(UInt8(ascii: "\\")) else {
            guard let string = String(validating: text, as: UTF8.self) else {
                throw JSONError(offset: 0, problem: "invalid UTF-8 in a text")
            }
            return string
        }
        let quote = UInt8(ascii: "\"")
        return try ([quote] + text + [quote]).withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            return try reader.string()
        }
    }
}
