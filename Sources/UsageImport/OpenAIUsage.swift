import Accounting
import Pricing

/// Pages of OpenAI's usage API, `/v1/organization/usage/completions` and `…/embeddings`: counts of
/// many requests in buckets of time, by whatever they were grouped.
///
/// <https://platform.openai.com/docs/api-reference/usage/completions> (checked 2026-11-23):
/// `{"object":"page","data":[{"object":"bucket","start_time":1730419200,"end_time":1730505600,
/// "results":[{"object":"organization.usage.completions.result","input_tokens":1000,
/// "output_tokens":500,"input_cached_tokens":800,"num_model_requests":5,"project_id":null,
/// "user_id":null,"api_key_id":null,"model":null,"batch":null}]}],"has_more":true,…}`. Input tokens
/// include cached and written ones of all modalities. The dashboard's export is a table of the same
/// results.
package enum OpenAIUsage: RowSource {
    package static let name = "openai-usage"
    package static let columns = ["start_time", "num_model_requests", "model", "input_tokens"]

    package static func read(_ row: SourceRow, into found: inout Findings) throws {
        switch try row.text("object") {
        case "page": for bucket in row.objects("data") { try read(bucket, into: &found) }
        case "bucket":
            for result in row.objects("results") {
                do {
                    if let event = try event(result, in: row) { found.add(event) }
                } catch let problem as EventProblem {
                    found.problems.append(problem)
                }
            }
        case nil where row.has("num_model_requests"):
            if let event = try event(row, in: row) { found.add(event) }
        case let other:
            throw EventProblem("object: \(quoted(other ?? "")) is neither a page nor a bucket")
        }
    }

    private static func event(
        _ result: SourceRow, in bucket: SourceRow
    ) throws -> UsageEvent? {
        if let object = try result.text("object"), !kinds.contains(object) {
            throw EventProblem(
                "\(result.spelled("object")): \(quoted(object)) holds no tokens that are read here")
        }
        let requests = try result.count("num_model_requests") ?? 0
        let counts = try counts(result)
        if requests == 0, counts.input == 0, counts.output == 0 { return nil }
        guard let start = try bucket.time("start_time") else {
            throw EventProblem("missing \(bucket.spelled("start_time"))")
        }
        guard let model = try result.text("model") else {
            throw EventProblem(
                "missing \(result.spelled("model")): ask for the pages with group_by=model")
        }
        var tags: [String: String] = [:]
        tags["api_key_id"] = try result.text("api_key_id")
        let usage = try counts.usage(tags: &tags)
        let isBatch = try result.flag("batch")
        let tier = try result.text("service_tier")
        let end = try bucket.time("end_time")
        var key = [start.text, end?.text ?? "", model, isBatch ? "batch" : tier ?? ""]
        for name in groups { key.append(try result.text(name) ?? "") }
        var event = UsageEvent(
            id: EventID(importedFrom: name, id: key.joined(separator: "\u{1F}").utf8), start: start,
            durationMilliseconds: end.map { max(0, $0.milliseconds - start.milliseconds) },
            channel: "openai", modelAsked: model, modelAnswered: model,
            serviceTier: isBatch ? "batch" : tier ?? RateConditions.standardTier, usage: usage,
            source: name, project: try result.text("project_id"),
            user: try result.text("user_id"), tags: tags)
        event.count(requests: requests)
        return event
    }

    private static let kinds: Set<String> = [
        "organization.usage.completions.result", "organization.usage.embeddings.result",
    ]
    /// What tells results of one bucket apart, besides model and tier.
    private static let groups = ["project_id", "user_id", "api_key_id"]

    private static func counts(_ result: SourceRow) throws -> InclusiveCounts {
        func count(_ name: String) throws -> Int64 { try result.count(name) ?? 0 }
        let cachedAudio = try count("input_cached_audio_tokens")
        let cachedImage = try count("input_cached_image_tokens")
        let audio = try count("input_audio_tokens")
        let image = try count("input_image_tokens")
        let allCached = try count("input_cached_tokens")
        let cachedText =
            try result.count("input_cached_text_tokens")
            ?? max(0, allCached - cachedAudio - cachedImage)
        return InclusiveCounts(
            input: try count("input_tokens"),
            inputParts: [
                (.cachedInput, cachedText), (.cachedAudioInput, cachedAudio),
                (.cachedImageInput, cachedImage), (.audioInput, max(0, audio - cachedAudio)),
                (.imageInput, max(0, image - cachedImage)),
                (.cacheWrite5m, try count("input_cache_write_tokens")),
            ],
            output: try count("output_tokens"),
            outputParts: [
                (.audioOutput, try count("output_audio_tokens")),
                (.imageOutput, try count("output_image_tokens")),
            ])
    }
}
