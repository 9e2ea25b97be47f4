/// Appends JSON to a buffer of bytes, without a tree between.
package struct JSONWriter: Sendable {
    package var bytes: [UInt8] = []

    package init() {}

    package mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    package mutating func integer(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var digits = 1
        var rest = value.magnitude
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        // Written from the end: reversing a slice would copy it to the heap.
        for _ in 0..<digits { bytes.append(UInt8(ascii: "0")) }
        rest = value.magnitude
        var place = bytes.count
        while rest > 0 {
            place -= 1
            bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    /// A quoted string; control characters, quotes and backslashes are escaped.
    package mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            if utf8.allSatisfy({
                $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }) {
                bytes.append(contentsOf: utf8)
            } else {
                for byte in utf8 { escaped(byte) }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): raw("\\\"")
        case UInt8(ascii: "\\"): raw("\\\\")
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        case 0..<0x20:
            raw("\\u00")
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }

    package mutating func write(_ value: JSONValue, indent: Int?) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): flag ? raw("true") : raw("false")
        case .integer(let number): integer(number)
        case .decimal(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): string(text)
        case .array(let elements):
            list(elements, open: "[", close: "]", indent: indent) { writer, element, inner in
                writer.write(element, indent: inner)
            }
        case .object(let object):
            list(object.members, open: "{", close: "}", indent: indent) { writer, member, inner in
                writer.string(member.key)
                inner == nil ? writer.raw(":") : writer.raw(": ")
                writer.write(member.value, indent: inner)
            }
        }
    }

    private mutating func list<Element>(
        _ elements: [Element], open: StaticString, close: StaticString, indent: Int?,
        write: (inout JSONWriter, Element, Int?) -> Void
    ) {
        raw(open)
        for (index, element) in elements.enumerated() {
            if index > 0 { raw(",") }
            newline(indent.map { $0 + 1 })
            write(&self, element, indent.map { $0 + 1 })
        }
        if !elements.isEmpty { newline(indent) }
        raw(close)
    }

    private mutating func newline(_ indent: Int?) {
        guard let indent else { return }
        raw("\n")
        for _ in 0..<indent { raw("  ") }
    }
}
