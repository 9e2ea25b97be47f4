/// A JSON document with its keys in the order they were written. What we write holds whole numbers
/// alone; money is text.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is not whole, as the text that was read: `0.14`, `2e-06`.
    case decimal(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    package static func object(_ fields: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        .object(JSONObject(fields))
    }

    package static func optional(_ text: String?) -> JSONValue {
        text.map(JSONValue.string) ?? .null
    }

    /// One line, without spaces.
    package var compactBytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self, indent: nil)
        return writer.bytes
    }

    /// Two spaces a level and a line a member.
    package var prettyBytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self, indent: 0)
        return writer.bytes
    }

    package subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// Members in order; a `nil` value leaves its key out.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let key: String
        package let value: JSONValue
    }

    package private(set) var members: [Member] = []

    package init() {}

    package init(_ fields: KeyValuePairs<String, JSONValue?>) {
        for (key, value) in fields { append(key, value) }
    }

    package mutating func append(_ key: String, _ value: JSONValue?) {
        if let value { members.append(Member(key: key, value: value)) }
    }

    /// Puts a value in the place of the key's first one.
    mutating func replace(_ key: String, _ value: JSONValue) {
        guard let place = members.firstIndex(where: { $0.key == key }) else { return }
        members[place] = Member(key: key, value: value)
    }

    package subscript(key: String) -> JSONValue? { members.first { $0.key == key }?.value }
}

extension JSONValue {
    /// The text of a string; `nil` for anything else.
    package var textValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array; `nil` for anything else.
    package var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object in their order; `nil` for anything else.
    package var members: [JSONObject.Member]? {
        guard case .object(let object) = self else { return nil }
        return object.members
    }

    /// The text of a number as it was written; `nil` for anything else.
    package var numberText: String? {
        switch self {
        case .integer(let number): String(number)
        case .decimal(let text): text
        default: nil
        }
    }
}
