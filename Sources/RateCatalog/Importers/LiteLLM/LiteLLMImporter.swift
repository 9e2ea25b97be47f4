import JSONBytes
import Pricing

/// LiteLLM's price map, `model_prices_and_context_window.json`: an object of flat entries by model.
///
/// Prices are USD for one token, image, second …; suffixes of the keys tell service tier, context
/// band and how long a cache lives. <https://github.com/BerriAI/litellm> (1.109.1, checked 2026-11-23).
package enum LiteLLMImporter: CatalogImporter {
    package static let name = "litellm"

    package static func read(_ bytes: [UInt8]) throws -> ImportedCatalog {
        let root: JSONValue
        do {
            root = try JSONReader.value(of: bytes, numbers: .decimal)
        } catch let error as JSONError {
            throw ImportError.notSuchACatalog(source: name, problem: error.description)
        }
        guard let entries = root.members, !entries.isEmpty else {
            throw ImportError.notSuchACatalog(
                source: name, problem: "it is not an object of entries by model")
        }
        guard entries.contains(where: { $0.value["litellm_provider"] != nil }) else {
            throw ImportError.notSuchACatalog(
                source: name, problem: "no entry names its \"litellm_provider\"")
        }
        var catalog = ImportedCatalog(source: name)
        var places: [String: Int] = [:]
        for entry in entries {
            guard entry.key != "sample_spec" else {
                catalog.tally.leave("samples of an entry", at: entry.key)
                continue
            }
            guard entry.value.members != nil else {
                catalog.tally.leave("entries that are no object", at: entry.key)
                continue
            }
            let provider = entry.value["litellm_provider"]?.textValue?.lowercased() ?? "litellm"
            let id = LiteLLMProviders.channel(of: provider)
            if places[id] == nil {
                places[id] = catalog.channels.count
                catalog.channels.append(
                    ImportedChannel(
                        id: id, name: id, isVendor: LiteLLMProviders.vendors.contains(id)))
                catalog.tally.carry("providers")
            }
            if let index = places[id], id != provider,
                !catalog.channels[index].aliases.contains(provider)
            {
                catalog.channels[index].aliases.append(provider)
            }
            let model = LiteLLMEntry(key: entry.key, value: entry.value, provider: provider)
                .model(&catalog.tally)
            catalog.channels[places[id] ?? 0].models.append(model)
        }
        try catalog.tally.requireReadable(name)
        for index in catalog.channels.indices {
            keepOneHolder(of: &catalog.channels[index], &catalog.tally)
        }
        return catalog
    }

    /// A key is its entry's name in any case; a shorter name belongs to the first that has it.
    private static func keepOneHolder(of channel: inout ImportedChannel, _ tally: inout ImportTally)
    {
        var taken = Set(channel.models.compactMap(\.names.first))
        for index in channel.models.indices {
            let key = channel.models[index].names.first
            channel.models[index].names = channel.models[index].names.filter { name in
                let isFree = name == key || taken.insert(name).inserted
                if !isFree {
                    tally.leave("short names that another key has", at: "\(channel.id)/\(name)")
                }
                return isFree
            }
        }
    }
}

/// Who LiteLLM's providers are.
enum LiteLLMProviders {
    /// Several of its providers are one seller; the ids are those of other imports, so that channels
    /// are not there twice.
    static func channel(of provider: String) -> String {
        if let known = channels[provider] { return known }
        for (prefix, channel) in families where provider.hasPrefix(prefix) { return channel }
        return provider.replacing(" ", with: "-")
    }

    private static let channels = [
        "gemini": "google", "bedrock": "aws", "bedrock_converse": "aws", "bedrock_mantle": "aws",
        "amazon_nova": "aws", "xai": "x-ai", "moonshot": "moonshotai", "together_ai": "together",
        "cohere_chat": "cohere", "voyage": "voyageai", "github_copilot": "github-copilot",
        "text-completion-openai": "openai", "azure_text": "azure", "bigmodel": "zhipuai",
        "meta_llama": "meta", "codestral": "mistral", "text-completion-codestral": "mistral",
        "text-completion-inception": "inception",
    ]

    private static let families: KeyValuePairs<String, String> = [
        "vertex_ai": "google", "fireworks_ai": "fireworks",
    ]

    /// Sellers that make what they sell.
    static let vendors: Set<String> = [
        "ai21", "anthropic", "assemblyai", "black_forest_labs", "cohere", "deepgram", "deepseek",
        "elevenlabs", "gigachat", "google", "inception", "meta", "minimax", "mistral",
        "moonshotai", "morph", "openai", "perplexity", "recraft", "reducto", "runwayml", "soniox",
        "stability", "typesafe", "v0", "voyageai", "x-ai", "xiaomi_mimo", "zai", "zhipuai",
    ]

    /// Providers that run models on the user's own machine, where 0 says free.
    static let local: Set<String> = ["lemonade", "ollama"]
}
