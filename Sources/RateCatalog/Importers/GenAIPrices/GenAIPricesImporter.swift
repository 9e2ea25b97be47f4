import JSONBytes
import Pricing

/// genai-prices, as its package bundles it: `{"source", "providers": [{"id", "models": […]}]}`.
///
/// Its words: a *provider* is our channel, a *tier* is a context band (a cliff on the total input),
/// a *price variant* is a service tier or an attribute of the request.
/// <https://github.com/pydantic/genai-prices> (0.2.3, checked 2026-11-23).
package enum GenAIPricesImporter: CatalogImporter {
    package static let name = "genai-prices"

    /// Providers that make what they sell.
    private static let vendors: Set<String> = [
        "anthropic", "arcee", "aws", "cohere", "cursor", "deepseek", "elevenlabs", "google", "meta",
        "minimax", "mistral", "moonshotai", "openai", "perplexity", "typesafe", "voyageai", "x-ai",
        "zai", "zhipuai",
    ]

    /// What other tools call a provider, from their own documents: LiteLLM's `provider/model`
    /// prefixes and OpenRouter's slugs.
    private static let aliases: [String: [String]] = [
        "aws": ["bedrock", "amazon-bedrock", "bedrock_converse", "bedrock-mantle"],
        "azure": ["azure_openai"], "cohere": ["cohere_chat"],
        "fireworks": ["fireworks_ai", "fireworks-ai"], "github-copilot": ["github_copilot"],
        "google": ["gemini", "vertex_ai", "google-vertex", "vertex"], "minimax": ["minimaxi"],
        "mistral": ["mistralai"], "moonshotai": ["moonshot"], "together": ["together_ai"],
        "voyageai": ["voyage"], "x-ai": ["xai"], "zai": ["z-ai"], "zhipuai": ["zhipu", "bigmodel"],
    ]

    package static func read(_ bytes: [UInt8]) throws -> ImportedCatalog {
        let root: JSONValue
        do {
            root = try JSONReader.value(of: bytes, numbers: .decimal)
        } catch let error as JSONError {
            throw ImportError.notSuchACatalog(source: name, problem: error.description)
        }
        guard let providers = root["providers"]?.elements, !providers.isEmpty else {
            throw ImportError.notSuchACatalog(
                source: name, problem: "it has no \"providers\" with a list behind it")
        }
        // `genai-prices 0.2.3 (PyPI), bundled data, MIT`: the name and the version are the source.
        let words = (root["source"]?.textValue ?? name).split(separator: " ").prefix(2)
        var catalog = ImportedCatalog(source: words.joined(separator: " "))
        for (index, provider) in providers.enumerated() {
            guard let id = provider["id"]?.textValue, let models = provider["models"]?.elements
            else {
                throw ImportError.notSuchACatalog(
                    source: name, problem: "providers[\(index)] has no \"id\" or no \"models\"")
            }
            catalog.channels.append(channel(id, provider, models, &catalog.tally))
        }
        try catalog.tally.requireReadable(name)
        if let units = root["units"]?.members {
            catalog.tally.leave(
                "units (their meters are known here)", at: "units", units.count)
        }
        return catalog
    }

    private static func channel(
        _ id: String, _ provider: JSONValue, _ models: [JSONValue], _ tally: inout ImportTally
    ) -> ImportedChannel {
        let channelID = id.lowercased()
        var channel = ImportedChannel(
            id: channelID, name: provider["name"]?.textValue ?? id,
            isVendor: vendors.contains(channelID))
        channel.aliases = aliases[channelID] ?? []
        tally.carry("providers")
        for (key, shape) in leftOut where provider[key] != nil {
            tally.leave(shape, at: id, provider[key]?.elements?.count ?? 1)
        }
        tally.leaveUnknown(
            of: provider, "a provider", known: ["id", "name", "models"] + leftOut.map(\.key), at: id
        )
        let comment = provider["price_comments"]?.textValue
        for value in models {
            guard let modelID = value["id"]?.textValue, value["prices"] != nil else {
                tally.leave("models without an id or prices", at: id)
                continue
            }
            var reader = GenAIPricesModel(
                id: modelID, provider: id, value: value, note: conversionNote(comment))
            channel.models.append(reader.read(&tally))
        }
        GenAIPricesNames.keepOrder(in: &channel, &tally)
        return channel
    }

    /// What of a provider has no place in a rate table.
    private static let leftOut: [(key: String, shape: String)] = [
        ("api_pattern", "patterns of API addresses (a channel is named, not guessed)"),
        ("provider_match", "patterns of provider ids (aliases stand for them)"),
        ("model_match", "patterns that guess a provider (a channel is named, not guessed)"),
        ("extractors", "usage extractors (they belong to the readers of streams)"),
        (
            "fallback_model_providers",
            "fallbacks to another provider's price (a price is never guessed)"
        ),
        ("pricing_urls", "addresses of price pages"),
        ("price_comments", "comments on a provider"), ("description", "descriptions"),
    ]

    /// A provider whose prices the source converted says so on every line.
    private static func conversionNote(_ comment: String?) -> String? {
        guard let comment, comment.contains("converted to USD at") else { return nil }
        return "Converted from CNY by the source; the seller publishes no list in USD."
    }
}

extension ImportTally {
    /// Fields that the source had not when this was written.
    mutating func leaveUnknown(
        of value: JSONValue, _ kind: String, known: [String], at place: String
    ) {
        for member in value.members ?? [] where !known.contains(member.key) {
            leave("unknown fields of \(kind): \(member.key)", at: place)
        }
    }
}
