import Foundation
import Pricing
import RateCatalog
import Testing

/// Names as real requests and answers spell them, in the shipped tables.
struct StreamNamesTests {
    private static let book = Result {
        RateBook(try CatalogReader.read(RateFile.embedded), zones: UTCAndShanghai())
    }
    private static let now = Timestamp(milliseconds: 1_795_348_800_000)  // 2026-11-22T12:00:00Z

    struct Name: Sendable, CustomTestStringConvertible {
        let name: String
        let model: String
        /// `nil` where several sell it, and no vendor does.
        let channel: String?
        var testDescription: String { name }

        init(_ name: String, _ model: String, _ channel: String?) {
            self.name = name
            self.model = model
            self.channel = channel
        }
    }

    // Each is one seller's spelling; model and channel are what its documents say that it is.
    @Test(arguments: [
        // Amazon Bedrock: ids, inference profiles, ARNs.
        Name("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4.5", "aws"),
        Name("anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3.5-sonnet", "aws"),
        Name(
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws"),
        Name(
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-5-20251101-v1:0",
            "aws/regional.anthropic.claude-opus-4-5-v1:0", "aws"),
        Name("bedrock/us.amazon.nova-pro-v1:0", "nova-pro", "aws"),
        Name("amazon.nova-lite-v1:0", "nova-lite", "aws"),
        Name("meta.llama3-3-70b-instruct-v1:0", "llama3-3-70b-instruct", "aws"),
        Name("deepseek.r1-v1:0", "deepseek-r1", "aws"),
        Name("openai.gpt-oss-120b-1:0", "gpt-oss-120b", "aws"),
        // Vertex AI and the Gemini API.
        Name("claude-sonnet-4-5@20250929", "claude-sonnet-4.5", "google"),
        Name("publishers/anthropic/models/claude-opus-4-5@20251101", "claude-opus-4.5", "google"),
        Name("vertex_ai/gemini-2.5-pro", "gemini-2.5-pro", "google"),
        Name("gemini/gemini-2.5-flash", "gemini-2.5-flash", "google"),
        Name("models/gemini-2.5-flash", "gemini-2.5-flash", "google"),
        Name(
            "projects/p/locations/us/publishers/google/models/gemini-2.5-flash",
            "gemini-2.5-flash", "google"),
        Name("gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash", "google"),
        // OpenAI and Azure.
        Name("gpt-4.1-2025-04-14", "gpt-4.1", "openai"),
        Name("gpt-4o-2024-08-06", "gpt-4o", "openai"),
        Name("gpt-4o-2024-05-13", "gpt-4o-2024-05-13", "openai"),
        Name("gpt-5.2-20251211", "gpt-5.2", "openai"), Name("GPT-4.1", "gpt-4.1", "openai"),
        Name("openai/gpt-5", "gpt-5", "openai"),
        Name("o3-mini-2025-01-31", "o3-mini", "openai"),
        Name("azure/o3-mini", "o3-mini", "azure"), Name("azure/gpt-4.1", "gpt-4.1", "azure"),
        Name("text-embedding-3-small", "text-embedding-3-small", "openai"),
        // Anthropic.
        Name("claude-sonnet-4-5-20250929", "claude-sonnet-4.5", "anthropic"),
        Name("anthropic/claude-sonnet-4.5", "claude-sonnet-4.5", "anthropic"),
        Name("anthropic/claude-opus-4-1-20250805", "claude-opus-4.1", "anthropic"),
        Name("claude-3-5-haiku-latest", "claude-3.5-haiku", "anthropic"),
        Name("claude-haiku-4-5-20251001", "claude-haiku-4.5", "anthropic"),
        Name("claude-opus-4-20250514", "claude-opus-4", "anthropic"),
        Name("CLAUDE-SONNET-4-5", "claude-sonnet-4.5", "anthropic"),
        // Hosts and relays.
        Name("accounts/fireworks/models/deepseek-v3p2", "deepseek-v3.2", "fireworks"),
        Name("fireworks_ai/accounts/fireworks/models/kimi-k2p5", "kimi-k2.5", "fireworks"),
        Name("groq/llama-3.3-70b-versatile", "llama-3.3-70b-versatile", "groq"),
        Name("llama-3.3-70b-versatile", "llama-3.3-70b-versatile", "groq"),
        Name(
            "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama-3.3-70b-instruct-turbo",
            "together"),
        Name(
            "meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama-3.3-70b-instruct-turbo", "together"),
        Name("openrouter/anthropic/claude-sonnet-4.5", "claude-sonnet-4.5", "openrouter"),
        Name("openrouter/openai/gpt-4o", "gpt-4o", "openrouter"),
        Name("@cf/meta/llama-3.1-8b-instruct", "llama-3.1-8b-instruct", "cloudflare"),
        Name("databricks-gpt-oss-120b", "gpt-oss-120b", "databricks"),
        Name("cerebras/gpt-oss-120b", "gpt-oss-120b", "cerebras"),
        Name("meta-llama/llama-3.1-8b-instruct", "llama-3.1-8b-instruct", nil),
        // Other vendors.
        Name("xai/grok-4.3", "grok-4.3", "x-ai"), Name("grok-4-0709", "grok-4-0709", "x-ai"),
        Name("mistral/mistral-small-latest", "mistral-small-latest", "mistral"),
        Name("cohere/command-r", "command-r", "cohere"),
        Name("command-a-03-2025", "command-a", "cohere"),
        Name("moonshot/kimi-k3", "kimi-k3", "moonshotai"),
        Name("kimi-k2-thinking", "kimi-k2-thinking", "moonshotai"),
        Name("zai/glm-4.7", "glm-4.7", "zai"), Name("glm-4.6", "glm-4.6", "zai"),
        Name("qwen3-max", "qwen3-max", "alibaba"),
        Name("MiniMax-M2", "minimax-m2", "minimax"),
        Name("voyage-3-large", "voyage-3-large", "voyageai"),
        Name("deepseek-v4-flash", "deepseek-v4-flash", "deepseek"),
    ])
    func namesModelAndChannel(given: Name) throws {
        let book = try Self.book.get()
        let match = try book.match(given.name, at: Self.now)
        let model = book.catalog.models[match.model]
        #expect(model.id == given.model)
        #expect((match.channel ?? book.directChannel(of: model)) == given.channel)
    }

    @Test func answersAnUnknownNameWithTheNearestThree() throws {
        let book = try Self.book.get()
        let error = #expect(throws: PricingError.self) {
            try book.match("gpt-4.1-minni", at: Self.now)
        }
        #expect(
            error
                == .unknownModel(
                    "gpt-4.1-minni", nearest: ["gpt-4.1-mini", "gpt-4.1-nano", "gpt-4-32k"])
                || "\(error.map { "\($0)" } ?? "")".contains("nearest: gpt-4.1-mini, "))
    }

    // MARK: The names of the recorded streams

    private enum Reason {
        /// A server on the user's own machine: it has no price.
        case servedLocally
        /// A name that its owner gave.
        case ownDeployment
        /// A template or a mistake in the recording.
        case placeholder
        /// Asked for on purpose, to see the error.
        case doesNotExist
        /// No catalog that was read has a price for it.
        case notInTheCatalog
        /// A router's own name: the answer names the model.
        case router
        /// It meant another model at each time, and was shut off.
        case movedOn(until: String)
    }

    private static let reasons: [String: Reason] = [
        "qwen3": .servedLocally, "qwen3:4b": .servedLocally, "llama3.1": .servedLocally,
        "llama3.2": .servedLocally, "deepseek-r1:latest": .servedLocally,
        "gpt-oss:120b": .servedLocally, "Qwen/Qwen3-4B": .servedLocally,
        "facebook/opt-125m": .servedLocally,
        "/REDACTED_PATH/Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M.gguf": .servedLocally,
        "/REDACTED_PATH/Qwen3-1.7B-Q4_K_M.gguf": .servedLocally,
        "/REDACTED_PATH/Qwen3-8B-Q4_K_M.gguf": .servedLocally,
        "Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M": .servedLocally,
        "Qwen3-1.7B-Q4_K_M": .servedLocally, "openllmetry-testing": .ownDeployment,
        "{{model}}": .placeholder, "does-not-exist": .doesNotExist,
        "this-model-does-not-exist-12345": .doesNotExist,
        "gemini-nonexistent-rig-test": .doesNotExist, "openrouter/auto": .router,
        "deepseek-chat": .movedOn(until: "2026-07-01"),
        "deepseek-reasoner": .movedOn(until: "2026-07-01"),
        "allam-2-7b": .notInTheCatalog, "command-a-reasoning-08-2025": .notInTheCatalog,
        "Qwen/Qwen3.5-397B-A17B-FP8": .notInTheCatalog, "x-ai/grok-4.1-fast": .notInTheCatalog,
        "zai-glm-5-2": .notInTheCatalog, "jamba-1.5-mini": .notInTheCatalog,
        "mistral-small-3-2-24b-instruct": .notInTheCatalog, "qwen3-5-9b": .notInTheCatalog,
        "grok-3-mini-high": .notInTheCatalog, "babbage:2023-07-21-v2": .notInTheCatalog,
        "davinci:2023-07-21-v2": .notInTheCatalog,
        // Two sellers mean two models by it; HuggingFace's router tells the seller behind a colon.
        "moonshotai/kimi-k2-instruct-0905": .router,
        "moonshotai/Kimi-K2-Instruct-0905:groq": .router,
    ]

    /// The channel that a recorded vendor is, where it is one of ours by another name.
    private static let channels = [
        "azure-xai": "azure", "bedrock-mantle": "aws", "moonshot": "moonshotai", "xai": "x-ai",
        "google-vertex": "google", "openai-codex": "openai", "github": "github-copilot",
        "qwen": "alibaba",
    ]

    private static let manifest = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "shared/streams/manifest.json")

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: manifest.path()),
            "no shared/streams beside the project"))
    func resolvesEveryNameOfTheRecordedStreams() throws {
        let book = try Self.book.get()
        let entries = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: Self.manifest))
                as? [[String: Any]])
        var names: Set<[String]> = []
        for entry in entries {
            let vendor = entry["vendor"] as? String ?? ""
            let asked = (entry["request"] as? [String: Any])?["model"] as? String
            for name in [entry["model"] as? String, asked].compactMap(\.self) {
                names.insert([vendor, name])
            }
        }
        #expect(names.count > 150)
        var unused = Set(Self.reasons.keys)
        for pair in names {
            let (vendor, name) = (pair[0], pair[1])
            let id = Self.channels[vendor] ?? vendor
            let channel = book.catalog.channels.contains { $0.id == id } ? id : Channel.direct
            let isKnown = (try? book.match(name, on: channel, at: Self.now)) != nil
            guard !isKnown else { continue }
            unused.remove(name)
            switch Self.reasons[name] {
            case nil: Issue.record("\(name) at \(vendor) does not resolve, and no reason is given")
            case .movedOn(let day):
                let time = Timestamp(try #require(CivilDate.parse(day.utf8)))
                #expect(throws: Never.self) { try book.match(name, on: channel, at: time) }
            default: break
            }
        }
        #expect(unused.isEmpty, "reasons for names that resolve, or that no stream has")
    }
}
