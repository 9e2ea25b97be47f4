extension SIMDMask<SIMD32<Int8>> {
    /// As `any`, which the compiler leaves a call of its own for each 32 bytes.
    @inline(__always)
    fileprivate var isAnySet: Bool {
        let words = unsafeBitCast(self, to: SIMD4<UInt64>.self)
        return words[0] | words[1] | words[2] | words[3] != 0
    }
}

/// Searches that look at 32 bytes at a time.
extension UnsafeRawBufferPointer {
    package func firstIndex(ofByte byte: UInt8, from start: Int) -> Int? {
        guard let base = baseAddress else { return nil }
        let wanted = SIMD32<UInt8>(repeating: byte)
        var index = start
        while index + 32 <= count {
            if ((base + index).loadUnaligned(as: SIMD32<UInt8>.self) .== wanted).isAnySet { break }
            index += 32
        }
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    package func lastIndex(ofByte byte: UInt8, from start: Int) -> Int? {
        lastIndex(ofByte: byte, in: start..<count)
    }

    package func lastIndex(ofByte byte: UInt8, in range: Range<Int>) -> Int? {
        guard let base = baseAddress else { return nil }
        let wanted = SIMD32<UInt8>(repeating: byte)
        var index = range.upperBound
        while index - 32 >= range.lowerBound {
            if ((base + index - 32).loadUnaligned(as: SIMD32<UInt8>.self) .== wanted).isAnySet {
                break
            }
            index -= 32
        }
        while index > range.lowerBound {
            index -= 1
            if self[index] == byte { return index }
        }
        return nil
    }

    /// Where a text of two bytes or more begins, from an index on.
    ///
    /// Three of its bytes are compared at 32 places at a time: of JSON keys the first two are alike
    /// too often.
    package func firstIndex(of text: StaticString, from start: Int) -> Int? {
        let length = text.utf8CodeUnitCount
        guard let base = baseAddress, count - start >= length else { return nil }
        let first = SIMD32<UInt8>(repeating: text.utf8Start[0])
        let second = SIMD32<UInt8>(repeating: text.utf8Start[1])
        let third = SIMD32<UInt8>(repeating: text.utf8Start[length - 1])
        let last = count - length
        var index = start
        while index + 31 + length <= count {
            let one = (base + index).loadUnaligned(as: SIMD32<UInt8>.self)
            let two = (base + index + 1).loadUnaligned(as: SIMD32<UInt8>.self)
            let three = (base + index + length - 1).loadUnaligned(as: SIMD32<UInt8>.self)
            let mask = (one .== first) .& (two .== second) .& (three .== third)
            if mask.isAnySet, let place = firstPlace(of: text, in: mask, from: index) {
                return place
            }
            index += 32
        }
        while index <= last {
            if spells(text, at: index) { return index }
            index += 1
        }
        return nil
    }

    /// Among 32 places, those whose byte of the mask is set.
    private func firstPlace(
        of text: StaticString, in mask: SIMDMask<SIMD32<Int8>>, from index: Int
    ) -> Int? {
        let words = unsafeBitCast(mask, to: SIMD4<UInt64>.self)
        for lane in 0..<4 {
            var word = UInt64(littleEndian: words[lane])
            while word != 0 {
                let byte = word.trailingZeroBitCount / 8
                let place = index + lane * 8 + byte
                if spells(text, at: place) { return place }
                word &= ~(0xFF << UInt64(byte * 8))
            }
        }
        return nil
    }

    private func spells(_ text: StaticString, at place: Int) -> Bool {
        for index in 0..<text.utf8CodeUnitCount
        where self[place + index] != text.utf8Start[index] {
            return false
        }
        return true
    }
}

extension String {
    /// Whether the bytes of a text of two bytes or more are among its own.
    package func holds(_ text: StaticString) -> Bool {
        var copy = self
        return copy.withUTF8 { UnsafeRawBufferPointer($0).firstIndex(of: text, from: 0) != nil }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether the bytes are those of a text.
    @inline(__always)
    package func spells(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether the bytes are those of another buffer.
    @inline(__always)
    package func equals(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index] != other[index] { return false }
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Hands over these bytes of JSON but for the members of a name, quotes included, and their values.
    package func forEachPart(
        without name: StaticString, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        var start = 0
        while let found = firstIndex(of: name, from: start) {
            body(UnsafeRawBufferPointer(rebasing: self[start..<found]))
            var place = found + name.utf8CodeUnitCount
            while place < count, [0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ":")].contains(self[place]) {
                place += 1
            }
            let rest = UnsafeRawBufferPointer(rebasing: self[place...])
            var reader = JSONReader(rest.bindMemory(to: UInt8.self))
            // What is cut in the middle of such a value ends there.
            guard (try? reader.skip()) != nil else { return }
            start = place + reader.offset
        }
        body(UnsafeRawBufferPointer(rebasing: self[start...]))
    }
}
