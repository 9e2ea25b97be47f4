import Accounting
import Pricing

/// Spend logs of a LiteLLM proxy: `/spend/logs`, or the table `LiteLLM_SpendLogs` as JSON or CSV.
///
/// <https://docs.litellm.ai/docs/proxy/cost_tracking> (checked 2026-11-23): `{"request_id":
/// "chatcmpl-…","call_type":"acompletion","spend":0.000225,"prompt_tokens":10,"completion_tokens":
/// 20,"startTime":"2025-03-24T22:02:42.975000Z","endTime":…,"completionStartTime":…,"model":"gpt-4o",
/// "model_group":…,"custom_llm_provider":"openai","user":"","team_id":"","end_user":…,"cache_hit":
/// "None","status":"success","metadata":{"usage_object":{…},"additional_usage_values":{…}}}`.
/// `spend` is what LiteLLM reckons by its own price map, not what a vendor charged: it is not taken.
package enum LiteLLMSpend: RowSource {
    package static let name = "litellm"
    package static let columns = [
        "request_id", "startTime", "model", "prompt_tokens", "completion_tokens",
    ]

    package static func read(_ row: SourceRow, into found: inout Findings) throws {
        let id = try row.required("request_id")
        let model = try row.required("model")
        guard let start = try row.time("startTime") else {
            throw EventProblem("missing startTime")
        }
        if try row.flag("cache_hit") {
            throw EventProblem("answered from LiteLLM's own cache: nothing was bought")
        }
        let metadata = row.object("metadata")
        var tags: [String: String] = [:]
        tags["key"] = try metadata?.text("user_api_key_alias")
        tags["call_type"] = try row.text("call_type")
        let usage = try counts(row, metadata).usage(tags: &tags)
        let status = try row.text("status") ?? metadata?.text("status")
        if usage.isEmpty, status == "failure" {
            throw EventProblem("a request that failed and tells no usage")
        }
        let team = try metadata?.text("user_api_key_team_alias")
        let asked = try row.text("model_group") ?? model
        found.add(
            UsageEvent(
                id: EventID(importedFrom: name, id: id.utf8), vendorID: id, start: start,
                durationMilliseconds: try span(from: start, to: row.time("endTime")),
                firstTokenMilliseconds: try span(from: start, to: row.time("completionStartTime")),
                channel: try row.text("custom_llm_provider").map(channel) ?? Channel.direct,
                modelAsked: asked, modelAnswered: model,
                serviceTier: try tier(metadata) ?? RateConditions.standardTier, usage: usage,
                // A success without a count was bought all the same.
                known: usage.isEmpty ? .unknown : .reported, source: name,
                project: try team ?? row.text("team_id"),
                user: try row.first("end_user", "user"), tags: tags))
    }

    private static func span(from start: Timestamp, to end: Timestamp?) -> Int64? {
        end.map { max(0, $0.milliseconds - start.milliseconds) }
    }

    /// LiteLLM's own words for a provider's endpoints, where channels have another.
    private static func channel(_ provider: String) -> String {
        if provider.hasPrefix("vertex_ai") { return "google" }
        return channels[provider] ?? provider
    }

    private static let channels = [
        "gemini": "google", "bedrock": "aws", "bedrock_converse": "aws", "amazon_nova": "aws",
        "xai": "x-ai", "moonshot": "moonshotai", "together_ai": "together",
        "fireworks_ai": "fireworks", "cohere_chat": "cohere", "text-completion-openai": "openai",
        "azure_text": "azure",
    ]

    private static func tier(_ metadata: SourceRow?) throws -> String? {
        try metadata?.object("usage_object")?.text("service_tier")
    }

    private static func counts(
        _ row: SourceRow, _ metadata: SourceRow?
    ) throws -> InclusiveCounts {
        // Versions differ in where they keep what the vendor said besides the two totals.
        let places = [
            metadata?.object("usage_object"), metadata?.object("additional_usage_values"),
        ].compactMap(\.self)
        func count(_ group: String?, _ names: String...) throws -> Int64 {
            for place in places {
                guard let object = group.map(place.object) ?? place else { continue }
                for name in names {
                    if let count = try object.count(name), count > 0 { return count }
                }
            }
            return 0
        }
        let (prompt, completion) = ("prompt_tokens_details", "completion_tokens_details")
        var cached = try count(nil, "cache_read_input_tokens")
        if cached == 0 { cached = try count(prompt, "cached_tokens") }
        var written = try count(nil, "cache_creation_input_tokens")
        if written == 0 { written = try count(prompt, "cache_creation_tokens") }
        var counts = InclusiveCounts(
            input: try row.count("prompt_tokens") ?? 0,
            inputParts: [
                (.cachedInput, cached), (.cacheWrite5m, written),
                (.audioInput, try count(prompt, "audio_tokens")),
            ],
            output: try row.count("completion_tokens") ?? 0,
            outputParts: [
                (.reasoning, try count(completion, "reasoning_tokens")),
                (.audioOutput, try count(completion, "audio_tokens")),
            ])
        // Some versions leave the cache's tokens out of Anthropic's prompt: parts that do not fit
        // into their total stand beside it.
        let parts = counts.inputParts.reduce(0) { $0 + $1.count }
        if parts > counts.input { counts.input += cached + written }
        return counts
    }
}
