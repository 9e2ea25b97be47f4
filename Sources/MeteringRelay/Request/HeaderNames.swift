/// Names of headers, in any case of their letters.
///
/// Each header of each request and answer is looked up: bytes are compared where they lie.
struct HeaderNames {
    /// Small letters, by how many they are.
    private var byLength: [[[UInt8]]] = []

    init(_ names: [String]) {
        for name in names {
            let bytes = Array(name.lowercased().utf8)
            while byLength.count <= bytes.count { byLength.append([]) }
            byLength[bytes.count].append(bytes)
        }
    }

    func contains(_ name: String) -> Bool {
        let bytes = name.utf8
        guard byLength.indices.contains(bytes.count) else { return false }
        return byLength[bytes.count].contains { known in
            zip(known, bytes).allSatisfy { $0 == Self.small($1) }
        }
    }

    /// Whether a name begins so; `prefix` has small letters.
    static func begins(_ name: String, with prefix: StaticString) -> Bool {
        let bytes = name.utf8
        guard bytes.count >= prefix.utf8CodeUnitCount else { return false }
        let start = UnsafeBufferPointer(
            start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        return zip(start, bytes).allSatisfy { $0 == small($1) }
    }

    private static func small(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
