/// A zone as the machine keeps it, in TZif of any version:
/// <https://www.rfc-editor.org/rfc/rfc9636#section-3> (checked 2026-11-23).
///
/// Names of offsets and what of a moment is daylight saving are passed over; offsets alone count
/// here.
package struct ZoneFile: Sendable {
    /// No zone has ever been further from UTC than a day and a few hours.
    static let maximumOffsetSeconds = 26 * 3600

    /// When an offset begins to hold, in seconds since the epoch; ascending.
    private let times: [Int64]
    /// The offset from each of `times` on.
    private let offsets: [Int]
    /// Before the first of `times`.
    private let firstOffset: Int
    /// From the last of `times` on; the last offset where the file has no rule.
    private let rule: PosixZone?

    /// `nil` for what is no TZif, is cut short, contradicts itself, or counts leap seconds.
    package init?(_ bytes: [UInt8]) {
        var reader = BigEndianReader(bytes)
        guard let header = Header(&reader) else { return nil }
        if header.version >= 2 {
            // The first block is for readers that know 32 bits alone.
            guard reader.skip(header.byteCount(timeBytes: 4)), let wide = Header(&reader),
                let block = Block(&reader, wide, timeBytes: 8),
                let text = reader.footer()
            else { return nil }
            let rule = PosixZone(text)
            guard text.isEmpty || rule != nil else { return nil }
            self.init(block, rule: rule)
        } else {
            guard let block = Block(&reader, header, timeBytes: 4) else { return nil }
            self.init(block, rule: nil)
        }
    }

    private init(_ block: Block, rule: PosixZone?) {
        times = block.times
        offsets = block.offsets
        firstOffset = block.firstOffset
        self.rule = rule
    }

    /// Seconds east of UTC at a moment in seconds since the epoch.
    package func offsetSeconds(at time: Int64) -> Int {
        guard let first = times.first, let last = times.last else {
            return rule?.offsetSeconds(at: time) ?? firstOffset
        }
        guard time >= first else { return firstOffset }
        if time >= last, let rule { return rule.offsetSeconds(at: time) }
        // The last one at or before `time`.
        var (low, high) = (0, times.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if times[middle] <= time { low = middle } else { high = middle }
        }
        return offsets[low]
    }
}

extension ZoneFile {
    private struct Header {
        let version: Int
        let utcCount: Int
        let standardCount: Int
        let leapCount: Int
        let timeCount: Int
        let typeCount: Int
        let textCount: Int

        init?(_ reader: inout BigEndianReader) {
            guard reader.take("TZif"), let version = reader.byte(), reader.skip(15) else {
                return nil
            }
            var counts: [Int] = []
            for _ in 0..<6 {
                guard let count = reader.integer(bytes: 4), (0...100_000).contains(count) else {
                    return nil
                }
                counts.append(Int(count))
            }
            // The first version's is a zero byte.
            self.version = version == 0 ? 1 : Int(version) - 0x30
            utcCount = counts[0]
            standardCount = counts[1]
            leapCount = counts[2]
            timeCount = counts[3]
            typeCount = counts[4]
            textCount = counts[5]
            guard self.version >= 1, (1...256).contains(typeCount) else { return nil }
        }

        func byteCount(timeBytes: Int) -> Int {
            timeCount * (timeBytes + 1) + typeCount * 6 + textCount
                + leapCount * (timeBytes + 4) + standardCount + utcCount
        }
    }

    private struct Block {
        let times: [Int64]
        let offsets: [Int]
        let firstOffset: Int

        init?(_ reader: inout BigEndianReader, _ header: Header, timeBytes: Int) {
            guard header.leapCount == 0 else { return nil }
            var times: [Int64] = []
            for _ in 0..<header.timeCount {
                guard let time = reader.integer(bytes: timeBytes),
                    times.last.map({ $0 < time }) ?? true
                else { return nil }
                times.append(time)
            }
            var places: [Int] = []
            for _ in 0..<header.timeCount {
                guard let place = reader.byte(), place < header.typeCount else { return nil }
                places.append(Int(place))
            }
            var types: [Int] = []
            for _ in 0..<header.typeCount {
                guard let offset = reader.integer(bytes: 4), reader.skip(2),
                    abs(offset) <= ZoneFile.maximumOffsetSeconds
                else { return nil }
                types.append(Int(offset))
            }
            guard reader.skip(header.textCount + header.standardCount + header.utcCount) else {
                return nil
            }
            self.times = times
            offsets = places.map { types[$0] }
            firstOffset = types[0]
        }
    }
}

/// Signed numbers, the most significant byte first.
private struct BigEndianReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        position += 1
        return bytes[position - 1]
    }

    mutating func skip(_ count: Int) -> Bool {
        guard count <= bytes.count - position else { return false }
        position += count
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    mutating func integer(bytes count: Int) -> Int64? {
        guard count <= bytes.count - position else { return nil }
        var value: UInt64 = bytes[position] >= 0x80 ? .max : 0
        for byte in bytes[position..<position + count] { value = value << 8 | UInt64(byte) }
        position += count
        return Int64(bitPattern: value)
    }

    /// What stands between two line feeds.
    mutating func footer() -> [UInt8]? {
        guard byte() == 0x0A, let end = bytes[position...].firstIndex(of: 0x0A) else { return nil }
        defer { position = end + 1 }
        return Array(bytes[position..<end])
    }
}
