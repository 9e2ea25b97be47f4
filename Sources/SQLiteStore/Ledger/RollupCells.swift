import Pricing

/// The sums of one day and series, cell by cell: one blob of a roll-up.
///
/// Bytes: the meters of the counts and those of the minimums as two bit sets, then each cell in
/// order: its place in the day, its requests, and a sum for each meter. Every number is a varint of
/// seven bits a byte; signed ones are zigzag-encoded and as wide as `Int128`.
struct RollupCells {
    private(set) var counts = MeterSet()
    private(set) var minimums = MeterSet()
    /// Ascending.
    private(set) var places: [UInt8] = []
    /// Requests and sums, `width` for each cell.
    private var values: [Int128] = []

    private var width: Int { 1 + counts.bits.nonzeroBitCount + minimums.bits.nonzeroBitCount }

    init() {}

    /// `nil` for bytes that are no such blob.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var reader = VarintReader(bytes)
        guard let counts = reader.unsigned(), let minimums = reader.unsigned() else { return nil }
        self.counts = MeterSet(bits: counts)
        self.minimums = MeterSet(bits: minimums)
        let width = width
        values.reserveCapacity(bytes.count / 2)
        while !reader.isAtEnd {
            guard let place = reader.byte(), places.last.map({ $0 < place }) ?? true else {
                return nil
            }
            places.append(place)
            for _ in 0..<width {
                guard let value = reader.signed() else { return nil }
                values.append(value)
            }
        }
    }

    /// Adds the sum of one cell.
    mutating func add(_ sum: UsageSum, at place: UInt8) {
        let counts = MeterSet(bits: counts.bits | sum.counts.meters.bits)
        let minimums = MeterSet(bits: minimums.bits | sum.minimums.meters.bits)
        if counts != self.counts || minimums != self.minimums {
            widen(counts: counts, minimums: minimums)
        }
        let width = width
        var index = places.count
        while index > 0, places[index - 1] >= place { index -= 1 }
        if index == places.count || places[index] != place {
            places.insert(place, at: index)
            values.insert(contentsOf: repeatElement(0, count: width), at: index * width)
        }
        var slot = index * width
        values[slot] += Int128(sum.requests)
        slot += 1
        for meter in counts {
            values[slot] += sum.counts[meter]
            slot += 1
        }
        for meter in minimums {
            values[slot] += sum.minimums[meter]
            slot += 1
        }
    }

    private mutating func widen(counts: MeterSet, minimums: MeterSet) {
        var wider = RollupCells()
        wider.counts = counts
        wider.minimums = minimums
        for index in places.indices { wider.add(sum(at: index), at: places[index]) }
        self = wider
    }

    /// The sum of the cell at an index of `places`.
    func sum(at index: Int) -> UsageSum {
        var sum = UsageSum()
        add(index..<(index + 1), to: &sum)
        return sum
    }

    /// Adds the cells at some indices to a sum.
    func add(_ indices: Range<Int>, to sum: inout UsageSum) {
        guard !indices.isEmpty else { return }
        let width = width
        var totals = Array(repeating: Int128(0), count: width)
        for index in indices {
            for slot in 0..<width { totals[slot] += values[index * width + slot] }
        }
        sum.requests += Int64(clamping: totals[0])
        var slot = 1
        var counts = MeterCounts()
        for meter in self.counts {
            counts.add(totals[slot], of: meter)
            slot += 1
        }
        var minimums = MeterCounts()
        for meter in self.minimums {
            minimums.add(totals[slot], of: meter)
            slot += 1
        }
        sum.add(UsageSum(counts: counts, minimums: minimums))
    }

    /// The sums by place, those of zero left out.
    var sums: [UInt8: UsageSum] {
        var sums: [UInt8: UsageSum] = [:]
        for (index, place) in places.enumerated() {
            let sum = sum(at: index)
            if !sum.isZero { sums[place] = sum }
        }
        return sums
    }

    /// Whether the sums are the same, cells without any left out.
    func equals(_ other: RollupCells) -> Bool { sums == other.sums }

    /// Cells whose sums are all zero are left out: everything in them was taken back.
    var bytes: [UInt8] {
        var writer = VarintWriter()
        writer.reserve(8 + values.count * 3)
        writer.append(unsigned: counts.bits)
        writer.append(unsigned: minimums.bits)
        let width = width
        for (index, place) in places.enumerated() {
            let slots = values[(index * width)..<((index + 1) * width)]
            guard slots.contains(where: { $0 != 0 }) else { continue }
            writer.append(byte: place)
            for value in slots { writer.append(signed: value) }
        }
        return writer.bytes
    }
}

private struct VarintReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func unsigned() -> UInt64? {
        wide().flatMap { UInt64(exactly: $0) }
    }

    @inline(__always)
    mutating func signed() -> Int128? {
        // Nearly every number is small.
        if position < bytes.count, bytes[position] < 0x80 {
            let value = Int128(bytes[position])
            position += 1
            return value >> 1 ^ -(value & 1)
        }
        guard let value = wide() else { return nil }
        return Int128(bitPattern: value >> 1) ^ -Int128(bitPattern: value & 1)
    }

    @inline(__always)
    private mutating func wide() -> UInt128? {
        var low: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 63 {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            low |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return UInt128(low) }
            shift += 7
        }
        return wider(UInt128(low))
    }

    /// The digits past the first 63 bits.
    private mutating func wider(_ low: UInt128) -> UInt128? {
        var value = low
        var shift: UInt128 = 63
        while shift < 128 {
            guard let byte = byte() else { return nil }
            value |= UInt128(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}

private struct VarintWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    mutating func append(byte: UInt8) { bytes.append(byte) }

    mutating func append(unsigned value: UInt64) { append(UInt128(value)) }

    mutating func append(signed value: Int128) {
        append(UInt128(bitPattern: value << 1 ^ value >> 127))
    }

    @inline(__always)
    private mutating func append(_ value: UInt128) {
        var rest = value
        while rest > UInt128(UInt64.max) {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        var low = UInt64(truncatingIfNeeded: rest)
        while low >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: low) | 0x80)
            low >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: low))
    }
}
