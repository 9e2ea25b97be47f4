import EmbeddedDocuments
import JSONBytes

/// What `/openapi.json` answers: `Docs/openapi.json`, with the schemas of `Docs/schemas` that it names
/// as its components, so that no document is described twice.
package enum OpenAPIDocument {
    private static let prefix = "#/components/schemas/"

    /// Stands in the description of a path that only a service with a relay has.
    private static let relayMark = "x-tokenmeter-relay"

    /// Throws `JSONError` for a document that was built in and is none.
    package static func bytes(hasRelay: Bool) throws -> [UInt8] {
        var documents: [String: [UInt8]] = [:]
        for document in UnsafeBufferPointer(
            start: tokenmeter_documents(), count: Int(tokenmeter_document_count()))
        {
            documents[String(cString: document.name)] = Array(
                UnsafeBufferPointer(start: document.bytes, count: Int(document.length)))
        }
        let whole = paths(
            of: try JSONReader.value(of: documents["openapi"] ?? [], numbers: .decimal),
            hasRelay: hasRelay)
        var schemas: [String: JSONValue] = [:]
        var wanted = names(in: whole)
        while let name = wanted.popLast() {
            guard schemas[name] == nil, let bytes = documents[name] else { continue }
            let schema = moved(try JSONReader.value(of: bytes, numbers: .decimal), into: name)
            schemas[name] = schema
            wanted += names(in: schema)
        }
        var components = JSONObject()
        for (name, schema) in schemas.sorted(by: { $0.key < $1.key }) {
            components.append(name, schema)
        }
        guard case .object(let object) = whole else { return [] }
        var result = JSONObject()
        for member in object.members {
            guard member.key == "components", case .object(var inner) = member.value else {
                result.append(member.key, member.value)
                continue
            }
            inner.append("schemas", .object(components))
            result.append(member.key, .object(inner))
        }
        return JSONValue.object(result).compactBytes
    }

    /// The document with the relay's paths where there is one.
    private static func paths(of document: JSONValue, hasRelay: Bool) -> JSONValue {
        guard !hasRelay, let members = document.members else { return document }
        var result = JSONObject()
        for member in members {
            guard member.key == "paths", let items = member.value.members else {
                result.append(member.key, member.value)
                continue
            }
            var kept = JSONObject()
            for item in items where item.value[relayMark] == nil {
                kept.append(item.key, item.value)
            }
            result.append("paths", .object(kept))
        }
        return .object(result)
    }

    /// The schemas that a value refers to.
    private static func names(in value: JSONValue) -> [String] {
        switch value {
        case .object(let object):
            object.members.flatMap { member -> [String] in
                guard member.key == "$ref", let text = member.value.textValue,
                    text.hasPrefix(prefix)
                else { return names(in: member.value) }
                return [String(text.dropFirst(prefix.count).prefix { $0 != "/" })]
            }
        case .array(let elements): elements.flatMap(names)
        default: []
        }
    }

    /// The same schema with its references as they are among the components.
    private static func moved(_ value: JSONValue, into name: String) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map { moved($0, into: name) })
        case .object(let object):
            var result = JSONObject()
            for member in object.members where !["$schema", "$id"].contains(member.key) {
                guard member.key == "$ref", let text = member.value.textValue else {
                    result.append(member.key, moved(member.value, into: name))
                    continue
                }
                // Within the file, or another file of the folder.
                result.append(
                    member.key,
                    .string(
                        text.hasPrefix("#/")
                            ? prefix + name + text.dropFirst()
                            : prefix
                                + text.replacing("tokenmeter.", with: "").replacing(
                                    "-1.json", with: "")))
            }
            return .object(result)
        default: return value
        }
    }
}
