import Pricing

/// Keys of the map as names.
enum LiteLLMNames {
    /// The key itself, and what stands behind its provider's name.
    static func names(_ key: String, provider: String) -> [String] {
        let name = key.lowercased()
        guard let slash = name.firstIndex(of: "/") else { return [name] }
        let head = name[..<slash]
        let rest = String(name[name.index(after: slash)...])
        // `vertex_ai-language-models` writes `vertex_ai/…`.
        return provider.hasPrefix(head) && !rest.isEmpty ? [name, rest] : [name]
    }

    static func canonical(_ key: String, on channel: String) -> String {
        var name = key.lowercased()
        if let slash = name.lastIndex(of: "/"), name.index(after: slash) < name.endIndex {
            name = String(name[name.index(after: slash)...])
        }
        if let at = name.firstIndex(of: "@") { name = String(name[..<at]) }
        if channel == "aws" {
            for region in regions where name.hasPrefix(region + ".") {
                name.removeFirst(region.count + 1)
            }
            if let dot = name.firstIndex(of: "."), name[..<dot].allSatisfy(\.isLetter) {
                name = String(name[name.index(after: dot)...])
            }
        }
        name = CanonicalName.dotted(
            CanonicalName.withoutVersion(name), letterP: channel == "fireworks")
        return name.isEmpty ? key.lowercased() : name
    }

    private static let regions = [
        "global", "us", "eu", "apac", "au", "jp", "in", "ca", "sa", "us-gov",
    ]

    /// Clouds that make some of what they sell.
    static func isResold(_ key: String, on channel: String) -> Bool {
        channel == "google"
            && !["gemini", "gemma", "veo", "imagen", "lyria", "embedding", "chirp"]
                .contains { key.lowercased().contains($0) }
    }
}
