extension JSONReader {
    /// What the escapes within a text stand for.
    func unescaped(_ raw: UnsafeBufferPointer<UInt8>) throws -> String {
        var scalars = String.UnicodeScalarView()
        var text: [UInt8] = []
        var index = 0
        func flush(_ text: inout [UInt8]) throws {
            scalars.append(contentsOf: try decoded(text).unicodeScalars)
            text = []
        }
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\") else {
                text.append(raw[index])
                index += 1
                continue
            }
            guard index + 1 < raw.count else { throw fail("an escape cut short") }
            let escape = raw[index + 1]
            index += 2
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                try flush(&text)
                scalars.append(try unicodeEscape(raw, &index))
            default: throw fail("an unknown escape")
            }
        }
        try flush(&text)
        return String(scalars)
    }

    private func unicodeEscape(
        _ raw: UnsafeBufferPointer<UInt8>, _ index: inout Int
    ) throws -> Unicode.Scalar {
        let high = try hexadecimal(raw, &index)
        if (0xD800..<0xDC00).contains(high), index + 1 < raw.count,
            raw[index] == UInt8(ascii: "\\"), raw[index + 1] == UInt8(ascii: "u")
        {
            var next = index + 2
            let low = try hexadecimal(raw, &next)
            if (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            {
                index = next
                return scalar
            }
        }
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard isLenient else { throw fail("half of a surrogate pair") }
        return "\u{FFFD}"
    }

    private func hexadecimal(_ raw: UnsafeBufferPointer<UInt8>, _ index: inout Int) throws -> UInt32
    {
        guard index + 4 <= raw.count else { throw fail("an escape cut short") }
        var value: UInt32 = 0
        for byte in raw[index..<index + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fail("an escape that is not hexadecimal")
            }
            value = value << 4 + UInt32(digit)
        }
        index += 4
        return value
    }
}
