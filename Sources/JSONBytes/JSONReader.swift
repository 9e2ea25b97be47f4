/// Why some bytes are not the JSON that was wanted, and at which byte.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package let offset: Int
    package let problem: String
    /// The member at fault, where whoever reads says so: `usage.output`.
    package private(set) var field: String?

    package init(offset: Int, problem: String) {
        self.offset = offset
        self.problem = problem
    }

    /// The same, of a value within that member.
    package func within(_ member: String) -> JSONError {
        var error = self
        error.field = field.map { "\(member).\($0)" } ?? member
        return error
    }

    package var description: String { "\(problem) at byte \(offset + 1)" }
}

/// Pulls values off the bytes of one JSON text, in order, without a tree between.
///
/// Strict by RFC 8259 (<https://www.rfc-editor.org/rfc/rfc8259>, checked 2026-11-22): no comments,
/// no trailing commas. The caller keeps the bytes alive and unchanged while it reads.
package struct JSONReader {
    /// The deepest nesting that `value` follows.
    package static let maximumDepth = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    package private(set) var offset = 0

    /// Whether texts of others are read as most programs read them: of a key that an object has
    /// twice the last value counts; what is no UTF-8, or half of a surrogate pair, becomes U+FFFD; texts
    /// may hold control characters; `NaN`, infinities, endless numbers and what is nested deeper than
    /// `maximumDepth` are `null`. Else these are refused.
    package var isLenient = false
    /// Whether there was a key twice.
    package private(set) var hasDuplicates = false

    package init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Which numbers `value` reads.
    package enum Numbers: Sendable {
        /// Whole ones alone, as `Int64`.
        case whole
        /// All of them; those that are not whole keep the text that was written.
        case decimal
    }

    /// The most characters of one number.
    package static let maximumNumberLength = 64

    /// The one value that `bytes` hold.
    package static func value(
        of bytes: [UInt8], numbers: Numbers = .whole
    ) throws -> JSONValue {
        try bytes.withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes)
            let value = try reader.value(numbers: numbers)
            try reader.expectEnd()
            return value
        }
    }

    /// What others wrote, read as most programs read it, whatever stands behind it; `nil` where it is
    /// no JSON even so.
    package static func lenientValue(of bytes: UnsafeRawBufferPointer) -> JSONValue? {
        var reader = JSONReader(bytes.bindMemory(to: UInt8.self))
        reader.isLenient = true
        return try? reader.value(numbers: .decimal)
    }

    package func fail(_ problem: String) -> JSONError {
        JSONError(offset: offset, problem: problem)
    }

    /// Reads an object: `member` gets each key, its escapes resolved, and must read its value.
    package mutating func object(
        _ member: (inout JSONReader, UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        try members { reader, key in
            guard key.contains(UInt8(ascii: "\\")) else { return try member(&reader, key) }
            let name = Array(try reader.unescaped(key).utf8)
            try name.withUnsafeBufferPointer { try member(&reader, $0) }
        }
    }

    /// The same, whatever the keys are: they come as they stand, escapes included.
    private mutating func members(
        _ member: (inout JSONReader, UnsafeBufferPointer<UInt8>) throws -> Void
    ) throws {
        try take(UInt8(ascii: "{"), "expected an object")
        if takeIf(UInt8(ascii: "}")) { return }
        repeat {
            skipSpace()
            let key = try rawString("expected a key")
            try take(UInt8(ascii: ":"), "expected a colon")
            try member(&self, key)
        } while takeIf(UInt8(ascii: ","))
        try take(UInt8(ascii: "}"), "expected , or }")
    }

    /// Reads an array: `element` must read each element.
    package mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
        try take(UInt8(ascii: "["), "expected an array")
        if takeIf(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while takeIf(UInt8(ascii: ","))
        try take(UInt8(ascii: "]"), "expected , or ]")
    }

    package mutating func string() throws -> String {
        let raw = try rawString("expected a string")
        if raw.contains(UInt8(ascii: "\\")) { return try unescaped(raw) }
        return try decoded(raw)
    }

    /// Text of bytes; of those that are no UTF-8 where that is let pass.
    func decoded(_ bytes: some Collection<UInt8>) throws -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        guard isLenient else { throw fail("invalid UTF-8") }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes between the quotes as they stand, escapes included.
    package mutating func rawString(_ problem: String) throws -> UnsafeBufferPointer<UInt8> {
        try take(UInt8(ascii: "\""), problem)
        let start = offset
        while true {
            skipPlainBytes()
            guard offset < bytes.count else { break }
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") {
                defer { offset += 1 }
                return UnsafeBufferPointer(rebasing: bytes[start..<offset])
            }
            guard byte >= 0x20 || isLenient else { throw fail("a control character in a string") }
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        offset = bytes.count
        throw fail("an unterminated string")
    }

    /// Passes over what needs no look inside a string, eight bytes at a time; where it stops is a
    /// quote, a backslash, a control character, or one of the last seven bytes.
    ///
    /// A byte of a word is below n where subtracting n from it borrows: "Bit Twiddling Hacks",
    /// <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord> (checked 2026-11-23).
    @inline(__always)
    private mutating func skipPlainBytes() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        guard let base = bytes.baseAddress else { return }
        let raw = UnsafeRawPointer(base)
        while offset + 8 <= bytes.count {
            let word = UInt64(
                littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5C)
            let special =
                ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
                    | (word &- ones &* 0x20) & ~word) & highs
            guard special == 0 else {
                offset += special.trailingZeroBitCount / 8
                return
            }
            offset += 8
        }
    }

    /// A whole number; a fraction, an exponent, a sign other than `-` or a value outside `Int64` is
    /// refused.
    package mutating func integer() throws -> Int64 {
        skipSpace()
        let start = offset
        let isNegative = offset < bytes.count && bytes[offset] == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        var value: Int64 = 0
        let firstDigit = offset
        while offset < bytes.count, case let byte = bytes[offset], byte >= 0x30, byte <= 0x39 {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            // Counted down, for there is one more negative number than positive ones.
            let (sum, carry) = tenfold.subtractingReportingOverflow(Int64(byte - 0x30))
            guard !overflow, !carry else { throw fail("a number that is too large") }
            value = sum
            offset += 1
        }
        let isNumberOn = offset < bytes.count && [0x2E, 0x65, 0x45].contains(bytes[offset])
        let hasLeadingZero = offset - firstDigit > 1 && bytes[firstDigit] == 0x30
        guard offset > firstDigit, !isNumberOn, !hasLeadingZero else {
            offset = start
            throw fail("expected a whole number")
        }
        guard isNegative || value != Int64.min else { throw fail("a number that is too large") }
        return isNegative ? value : -value
    }

    /// The text of any number, as RFC 8259 spells one: `-1`, `0.10`, `2e-06`.
    package mutating func numberText() throws -> String {
        skipSpace()
        let start = offset
        let number = try numberBytes()
        guard number.count <= Self.maximumNumberLength else {
            offset = start
            throw fail("a number of more than \(Self.maximumNumberLength) characters")
        }
        return String(decoding: number, as: UTF8.self)
    }

    /// The bytes of any number, however many.
    private mutating func numberBytes() throws -> Slice<UnsafeBufferPointer<UInt8>> {
        let start = offset
        takeDigits(after: UInt8(ascii: "-"), isOptional: true)
        let wholeStart = bytes.indices.contains(start) && bytes[start] == UInt8(ascii: "-") ? 1 : 0
        let whole = offset - start - wholeStart
        let hasLeadingZero = whole > 1 && bytes[start + wholeStart] == 0x30
        var isNumber = whole > 0 && !hasLeadingZero
        if peekByte == UInt8(ascii: ".") {
            isNumber = takeDigits(after: UInt8(ascii: ".")) && isNumber
        }
        if peekByte == UInt8(ascii: "e") || peekByte == UInt8(ascii: "E") {
            offset += 1
            if peekByte == UInt8(ascii: "+") { offset += 1 }
            isNumber = takeDigits(after: UInt8(ascii: "-"), isOptional: true) && isNumber
        }
        guard isNumber else {
            offset = start
            throw fail("expected a value")
        }
        return bytes[start..<offset]
    }

    private var peekByte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// Passes over `mark` and the digits behind it; whether there was one digit at least.
    @discardableResult
    private mutating func takeDigits(after mark: UInt8, isOptional: Bool = false) -> Bool {
        if peekByte == mark { offset += 1 } else if !isOptional { return false }
        let start = offset
        while let byte = peekByte, byte >= 0x30, byte <= 0x39 { offset += 1 }
        return offset > start
    }

    /// `true`, `false` or `null`, as it is written.
    package mutating func word() throws -> String {
        for word in ["true", "false", "null"] as [StaticString] where takeWord(word) {
            return word.description
        }
        throw fail("expected a value")
    }

    package mutating func takeNull() -> Bool {
        skipSpace()
        return takeWord("null")
    }

    package mutating func expectEnd() throws {
        skipSpace()
        guard offset == bytes.count else { throw fail("more after the value") }
    }

    /// The next byte that is not white space, without taking it.
    package mutating func peek() -> UInt8? {
        skipSpace()
        return offset < bytes.count ? bytes[offset] : nil
    }

    /// Passes over whatever comes, without looking at what numbers and texts say.
    package mutating func skip(depth: Int = 0) throws {
        guard depth < Self.maximumDepth else { throw fail("more than \(Self.maximumDepth) levels") }
        switch peek() {
        case UInt8(ascii: "{"): try members { reader, _ in try reader.skip(depth: depth + 1) }
        case UInt8(ascii: "["): try array { try $0.skip(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try rawString("expected a string")
        case UInt8(ascii: "t") where takeWord("true"): break
        case UInt8(ascii: "f") where takeWord("false"): break
        case UInt8(ascii: "n") where takeWord("null"): break
        default: _ = try numberText()
        }
    }

    /// Passes over an object or an array, however deep, by its brackets and texts alone.
    private mutating func skipBrackets() throws {
        var depth = 0
        repeat {
            switch peek() {
            case UInt8(ascii: "\""):
                _ = try rawString("expected a string")
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case nil: throw fail("expected , or }")
            default: break
            }
            offset += 1
        } while depth > 0
    }

    /// Reads whatever comes as a tree. A key that an object has twice is refused, unless `isLenient`.
    package mutating func value(depth: Int = 0, numbers: Numbers = .whole) throws -> JSONValue {
        let isDeepest = depth >= Self.maximumDepth
        guard !isDeepest || isLenient else {
            throw fail("more than \(Self.maximumDepth) levels")
        }
        switch peek() {
        case UInt8(ascii: "{") where isDeepest, UInt8(ascii: "[") where isDeepest:
            try skipBrackets()
            return .null
        case UInt8(ascii: "{"):
            var object = JSONObject()
            try readObject(into: &object, depth: depth, numbers: numbers)
            return .object(object)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try array { reader in
                elements.append(try reader.value(depth: depth + 1, numbers: numbers))
            }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t") where takeWord("true"): return .bool(true)
        case UInt8(ascii: "f") where takeWord("false"): return .bool(false)
        case UInt8(ascii: "n") where takeWord("null"): return .null
        default: return try number(numbers)
        }
    }

    private mutating func number(_ numbers: Numbers) throws -> JSONValue {
        guard numbers == .decimal else { return .integer(try integer()) }
        let text: String
        if isLenient {
            for word in ["NaN", "Infinity", "-Infinity"] as [StaticString] where takeWord(word) {
                return .null
            }
            let number = try numberBytes()
            guard number.count <= Self.maximumNumberLength else { return .null }
            text = String(decoding: number, as: UTF8.self)
        } else {
            text = try numberText()
        }
        return Int64(text).map(JSONValue.integer) ?? .decimal(text)
    }

    private mutating func readObject(
        into object: inout JSONObject, depth: Int, numbers: Numbers
    ) throws {
        var names: Set<String> = []
        try self.object { reader, key in
            let name = try reader.decoded(key)
            let isNew = names.insert(name).inserted
            guard isNew || reader.isLenient else {
                throw reader.fail("a key twice: \(name)")
            }
            let value = try reader.value(depth: depth + 1, numbers: numbers)
            if isNew {
                object.append(name, value)
            } else {
                object.replace(name, value)
                reader.hasDuplicates = true
            }
        }
    }

    @inline(__always)
    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8, _ problem: @autoclosure () -> String) throws {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == byte else { throw fail(problem()) }
        offset += 1
    }

    @inline(__always)
    private mutating func takeIf(_ byte: UInt8) -> Bool {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard offset + count <= bytes.count else { return false }
        let matches = word.withUTF8Buffer { $0.elementsEqual(bytes[offset..<offset + count]) }
        if matches { offset += count }
        return matches
    }
}
