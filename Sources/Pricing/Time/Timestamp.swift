/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Sendable, Comparable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Before anything: the start of what has always held.
    package static let beginning = Timestamp(milliseconds: .min)

    /// Midnight UTC of a day.
    package init(_ date: CivilDate) {
        self.init(milliseconds: Int64(date.daysSinceEpoch) * 86_400_000)
    }

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        lhs.milliseconds < rhs.milliseconds
    }

    package func advanced(bySeconds seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: milliseconds + seconds * 1000)
    }

    /// Whole seconds since the epoch, rounded down.
    package var seconds: Int64 {
        floorDivide(milliseconds, 1000)
    }

    /// The UTC day that holds it.
    package var utcDate: CivilDate { CivilDate(daysSinceEpoch: Int(floorDivide(seconds, 86_400))) }

    /// RFC 3339 in UTC, with milliseconds only where there are any: `2026-10-01T16:30:00Z`.
    package var text: String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A midnight in UTC as its day, any other moment as `text`.
    package var dayOrText: String { milliseconds % 86_400_000 == 0 ? utcDate.text : text }

    /// Appends `text`, without making a string.
    package func append(to bytes: inout [UInt8]) {
        let date = utcDate
        let secondOfDay = Int(seconds - Int64(date.daysSinceEpoch) * 86_400)
        let remainder = Int(milliseconds % 1000)
        let fraction = remainder < 0 ? remainder + 1000 : remainder
        func number(_ value: Int, _ width: Int, _ separator: Unicode.Scalar) {
            var scale = 1
            for _ in 1..<width { scale *= 10 }
            while scale > 0 {
                bytes.append(0x30 + UInt8(value / scale % 10))
                scale /= 10
            }
            bytes.append(UInt8(ascii: separator))
        }
        if (0...9999).contains(date.year) {
            number(date.year, 4, "-")
        } else {
            // ISO 8601's expanded form: a sign and at least five digits.
            let digits = padded(abs(date.year), 5)
            bytes.append(contentsOf: "\(date.year < 0 ? "-" : "+")\(digits)-".utf8)
        }
        number(date.month, 2, "-")
        number(date.day, 2, "T")
        number(secondOfDay / 3600, 2, ":")
        number(secondOfDay / 60 % 60, 2, ":")
        number(secondOfDay % 60, 2, fraction == 0 ? "Z" : ".")
        if fraction != 0 { number(fraction, 3, "Z") }
    }

    /// Reads RFC 3339 with an explicit offset, `2026-10-01T16:30:00Z` or `…+08:00`; `nil` for
    /// anything else.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc3339#section-5.6> (checked 2026-11-22). A leap second
    /// reads as the next second; digits past the millisecond are cut.
    package static func parse(_ text: some Collection<UInt8>) -> Timestamp? {
        Array(text).withUnsafeBufferPointer { parse(bytes: $0) }
    }

    /// The same, off bytes that stay where they are.
    package static func parse(bytes: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        var reader = DigitReader(bytes)
        guard let date = reader.date(), reader.take("T", or: "t") || reader.take(" "),
            let hour = reader.number(2),
            reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2), hour < 24, minute < 60, second <= 60,
            let fraction = reader.fraction(), let offsetMinutes = reader.offset(), reader.isAtEnd
        else { return nil }
        let seconds =
            Int64(date.daysSinceEpoch) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
            - Int64(offsetMinutes) * 60
        return Timestamp(milliseconds: seconds * 1000 + Int64(fraction))
    }
}

/// Quotient rounded towards negative infinity.
package func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}

func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Reads fixed-width digits and separators off a run of bytes.
struct DigitReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func take(_ one: Unicode.Scalar, or other: Unicode.Scalar) -> Bool {
        take(one) || take(other)
    }

    mutating func number(_ width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let byte = next, byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
            position += 1
        }
        return value
    }

    mutating func date() -> CivilDate? {
        guard let year = number(4), take("-"), let month = number(2), take("-"),
            let day = number(2)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// Milliseconds; 0 where there is no fraction.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        var milliseconds = 0
        var digits = 0
        while let digit = number(1) {
            if digits < 3 { milliseconds = milliseconds * 10 + digit }
            digits += 1
        }
        guard digits > 0 else { return nil }
        for _ in min(digits, 3)..<3 { milliseconds *= 10 }
        return milliseconds
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int? {
        if take("Z", or: "z") { return 0 }
        let isWest = next == UInt8(ascii: "-")
        guard take("+", or: "-"), let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }
}
