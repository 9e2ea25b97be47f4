/// Cuts a body that is JSON into its values: one document, one a line, or the elements of an array.
///
/// It knows where texts and brackets end and nothing else, so that a value that is not JSON after all
/// costs itself alone.
struct JSONValueSplitter: Sendable {
    /// The longest value that is read; a longer one is passed over and counted.
    static let maximumValueBytes = 32 << 20

    private var value: [UInt8] = []
    private var depth = 0
    private var isInText = false
    private var isEscaped = false
    private(set) var oversized = 0
    private var skips = false
    /// Whether the body is an array, whose elements are the values.
    private var isArray: Bool?
    /// Whether the array was closed.
    private(set) var isClosed = false

    /// Takes the next piece, and hands over the values that it completes.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        for byte in bytes {
            if isArray == nil {
                guard byte > 0x20 else { continue }
                isArray = byte == UInt8(ascii: "[")
                if byte == UInt8(ascii: "[") { continue }
            }
            take(byte, body)
        }
    }

    /// Whether a value was begun and not ended.
    var hasRest: Bool { depth > 0 || !value.isEmpty }

    /// Whether nothing that was begun is open: an array is closed, and no value under way.
    var isWhole: Bool { !hasRest && (isArray != true || isClosed) }

    private mutating func take(_ byte: UInt8, _ body: (UnsafeRawBufferPointer) -> Void) {
        if isInText {
            append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInText = false
            } else if byte == UInt8(ascii: "\n"), isArray == false {
                // No text holds a line feed: a value was cut, and another begins here.
                hand(body)
            }
            return
        }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            append(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if depth == 0 {
                if byte == UInt8(ascii: "]") { isClosed = true }
                return
            }
            depth -= 1
            append(byte)
            if depth == 0 { hand(body) }
        case UInt8(ascii: "\""):
            isInText = true
            append(byte)
        case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","):
            if depth > 0 { append(byte) } else if !value.isEmpty { hand(body) }
        default: append(byte)
        }
    }

    private mutating func append(_ byte: UInt8) {
        guard !skips else { return }
        guard value.count < Self.maximumValueBytes else {
            skips = true
            value.removeAll(keepingCapacity: false)
            return
        }
        value.append(byte)
    }

    private mutating func hand(_ body: (UnsafeRawBufferPointer) -> Void) {
        if skips { oversized += 1 } else { value.withUnsafeBytes(body) }
        value.removeAll(keepingCapacity: true)
        skips = false
        depth = 0
        isInText = false
        isEscaped = false
    }
}
