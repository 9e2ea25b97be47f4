import JSONBytes

/// The sentence in which a vendor says what was wrong, out of the body of its answer.
package enum VendorMessage {
    /// The most characters that are shown of it.
    package static let maximumCharacters = 300

    /// `nil` where the body holds no such sentence: pages of HTML are not repeated, plain text is. A key
    /// that it repeats is left out before anything is cut.
    package static func read(
        _ body: some Collection<UInt8>, without key: StreamKey? = nil
    ) -> String? {
        let json = Array(body).withUnsafeBytes { JSONReader.lenientValue(of: $0) }
        guard let text = json.map(sentence) ?? plain(body) else { return nil }
        let line = clean(key?.redacted(text) ?? text)
        return line.isEmpty ? nil : line
    }

    /// The whole of that sentence, and the field that it is about where that stands apart.
    static func complaint(in body: some Collection<UInt8>) -> String? {
        let json = Array(body).withUnsafeBytes { JSONReader.lenientValue(of: $0) }
        guard let json else { return plain(body) }
        let words = [sentence(json), json["error"]?["param"]?.textValue, json["param"]?.textValue]
        return words.compactMap(\.self).joined(separator: " ")
    }

    private static func plain(_ body: some Collection<UInt8>) -> String? {
        guard let text = String(validating: body, as: UTF8.self),
            let first = text.first(where: { !$0.isWhitespace }), !"<{[".contains(first)
        else { return nil }
        return text
    }

    /// `{"error":{"message":…}}` of nearly all, `{"error":…}` of Ollama, `{"message":…}` of Cohere
    /// and DashScope, `[{"error":…}]` of Gemini, `{"detail":…}` of FastAPI's servers.
    private static func sentence(_ json: JSONValue) -> String? {
        if let first = json.elements?.first { return sentence(first) }
        if let error = json["error"] {
            return error.textValue ?? error["message"]?.textValue ?? error["type"]?.textValue
        }
        // FastAPI's own refusals are a list of fields.
        if let details = json["detail"]?.elements {
            let sentences = details.compactMap { detail -> String? in
                guard let words = detail["msg"]?.textValue else { return nil }
                let place = (detail["loc"]?.elements ?? []).compactMap {
                    $0.textValue ?? $0.numberText
                }
                return (place.isEmpty ? "" : place.joined(separator: ".") + ": ") + words
            }
            return sentences.isEmpty ? nil : sentences.joined(separator: "; ")
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
