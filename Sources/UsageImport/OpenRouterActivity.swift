import Accounting
import JSONBytes
import Pricing

/// What OpenRouter says of its requests: the activity page's CSV and `/api/v1/generation`, a request
/// a row, and `/api/v1/activity`, a day of many requests a row.
///
/// <https://openrouter.ai/docs/api-reference/get-a-generation> (checked 2026-11-23):
/// `{"data":{"id":"gen-…","created_at":"2024-07-15T23:33:19.433273+00:00","model":
/// "anthropic/claude-sonnet-4","provider_name":"Anthropic","total_cost":0.0015,"usage":0.0015,
/// "tokens_prompt":10,"native_tokens_prompt":10,"native_tokens_completion":25,
/// "native_tokens_reasoning":5,"native_tokens_cached":3,"latency":1250,"generation_time":1200,…}}`;
/// the CSV's header begins `generation_id,created_at,cost_total,`. Cached and reasoning tokens are
/// inside their totals. The native counts are the vendor's, which are billed. The cost, in USD, is
/// what OpenRouter charged.
package enum OpenRouterActivity: RowSource {
    package static let name = "openrouter"
    package static let columns = [
        "generation_id", "created_at", "model_permaslug", "tokens_prompt", "tokens_completion",
    ]

    package static func read(_ row: SourceRow, into found: inout Findings) throws {
        if let data = row.object("data") { return try read(data, into: &found) }
        if row.members["data"]?.elements != nil {
            for part in row.objects("data") {
                do {
                    try read(part, into: &found)
                } catch let problem as EventProblem {
                    found.problems.append(problem)
                }
            }
            return
        }
        found.add(try row.has("date") ? day(row) : generation(row))
    }

    private static func generation(_ row: SourceRow) throws -> UsageEvent {
        guard let id = try row.first("generation_id", "id") else {
            throw EventProblem("missing \(row.spelled("generation_id"))")
        }
        guard let start = try row.time("created_at") else {
            throw EventProblem("missing \(row.spelled("created_at"))")
        }
        var tags = try tags(row)
        let usage = try InclusiveCounts(
            input: count(row, "native_tokens_prompt", "tokens_prompt"),
            inputParts: [(.cachedInput, count(row, "native_tokens_cached", "tokens_cached"))],
            output: count(row, "native_tokens_completion", "tokens_completion"),
            outputParts: [
                (.reasoning, count(row, "native_tokens_reasoning", "tokens_reasoning"))
            ]
        ).usage(tags: &tags)
        return UsageEvent(
            id: EventID(importedFrom: name, id: id.utf8), vendorID: id, start: start,
            durationMilliseconds: try row.milliseconds("generation_time_ms")
                ?? row.milliseconds("generation_time"),
            firstTokenMilliseconds: try row.milliseconds("time_to_first_token_ms")
                ?? row.milliseconds("latency"),
            channel: name, modelAsked: try model(row), modelAnswered: try model(row),
            usage: usage,
            source: name, project: try row.text("app_name"),
            user: try row.first("user", "external_user"), tags: tags,
            vendorCost: try row.money("cost_total", .usd) ?? row.money("total_cost", .usd)
                ?? row.money("usage", .usd))
    }

    /// A volume: what one model of one provider came to on one day.
    private static func day(_ row: SourceRow) throws -> UsageEvent {
        guard let start = try row.time("date") else {
            throw EventProblem("missing \(row.spelled("date"))")
        }
        let model = try model(row)
        var tags = try tags(row)
        let usage = try InclusiveCounts(
            input: count(row, "prompt_tokens"), output: count(row, "completion_tokens"),
            outputParts: [(.reasoning, count(row, "reasoning_tokens"))]
        ).usage(tags: &tags)
        let endpoint = try row.first("endpoint_id", "provider_name") ?? ""
        let key = [start.text, model, endpoint].joined(separator: "\u{1F}")
        var event = UsageEvent(
            id: EventID(importedFrom: name, id: key.utf8), start: start,
            durationMilliseconds: 86_400_000, channel: name, modelAsked: model,
            modelAnswered: model, usage: usage, source: name, tags: tags,
            vendorCost: try row.money("usage", .usd))
        event.count(requests: try count(row, "requests"))
        return event
    }

    /// `anthropic/claude-sonnet-4`, `…:free` where a variant was sold.
    private static func model(_ row: SourceRow) throws -> String {
        guard let model = try row.first("model", "model_permaslug") else {
            throw EventProblem("missing \(row.spelled("model"))")
        }
        guard let variant = try row.text("variant"), variant != "standard", !model.contains(":")
        else { return model }
        return "\(model):\(variant)"
    }

    private static func tags(_ row: SourceRow) throws -> [String: String] {
        var tags: [String: String] = [:]
        tags["provider"] = try row.text("provider_name")
        tags["key"] = try row.text("api_key_name")
        return tags
    }

    private static func count(_ row: SourceRow, _ names: String...) throws -> Int64 {
        for name in names { if let count = try row.count(name) { return count } }
        return 0
    }
}
