import JSONBytes

/// The sentence in which a vendor says what was wrong, out of the body of its answer.
package enum VendorMessage {
    /// The most characters that are shown of it.
    package static let maximumCharacters = 300

    /// `nil` where the body is not JSON, or holds no such sentence: pages of HTML are not repeated.
    /// A key that it repeats is left out before anything is cut.
    package static func read(
        _ body: some Collection<UInt8>, without key: StreamKey? = nil
    ) -> String? {
        let json = Array(body).withUnsafeBytes { JSONReader.lenientValue(of: $0) }
        guard let text = json.flatMap(sentence) else { return nil }
        return clean(key?.redacted(text) ?? text)
    }

    /// `{"error":{"message":…}}` of nearly all, `{"error":…}` of Ollama, `{"message":…}` of Cohere
    /// and DashScope, `[{"error":…}]` of Gemini, `{"detail":…}` of FastAPI's servers.
    private static func sentence(_ json: JSONValue) -> String? {
        if let first = json.elements?.first { return sentence(first) }
        if let error = json["error"] {
            return error.textValue ?? error["message"]?.textValue ?? error["type"]?.textValue
        }
        return json["message"]?.textValue ?? json["detail"]?.textValue
    }

    /// One line that a terminal can show, without a full stop: more follows it.
    static func clean(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                if line.last != " " { line.append(" ") }
            default: line.unicodeScalars.append(scalar)
            }
        }
        while line.last == "." || line.last == " " { line.removeLast() }
        guard line.count > maximumCharacters else { return line }
        return line.prefix(maximumCharacters) + "…"
    }
}
