import JSONBytes
import Pricing

/// Vendors' usage objects, each by its own conventions.
enum VendorUsage {
    /// OpenAI's chat and completions, and all who speak like them: prompt and completion tokens with
    /// their parts inside.
    ///
    /// Two parts stand outside at some vendors: reasoning beside the completion (xAI), audio beside
    /// the prompt (Mistral). The vendor's own total tells, where it is larger by just that part; a
    /// gateway's, which leaves the reasoning out there too (Vercel), gives way to that of its upstream.
    static func openAIChat(
        _ object: JSONValue, upstreamTotal: JSONValue? = nil
    ) -> VendorCounts {
        var reader = CountReader(object)
        var counts = VendorCounts()
        counts.input = reader.count("prompt_tokens", "input_tokens")
        counts.output = reader.count("completion_tokens", "output_tokens")
        counts.total = reader.count(upstreamTotal) ?? reader.count("total_tokens")
        let prompt = ["prompt_tokens_details", "prompt_token_details", "input_tokens_details"]
        counts.cached =
            prompt.lazy.compactMap { reader.count(in: $0, "cached_tokens") }.first
            ?? reader.count(
                "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens",
                "cache_read_input_tokens") ?? 0
        let written =
            reader.count(in: "prompt_tokens_details", "cache_write_tokens", "cache_creation_tokens")
            ?? reader.count("cache_creation_input_tokens") ?? 0
        takeWrites(written, &reader, &counts)
        counts.audioInput = reader.count(in: "prompt_tokens_details", "audio_tokens") ?? 0
        counts.imageInput = reader.count(in: "prompt_tokens_details", "image_tokens") ?? 0
        counts.videoInput = reader.count(in: "prompt_tokens_details", "video_tokens") ?? 0
        counts.reasoning =
            reader.count(in: "completion_tokens_details", "reasoning_tokens")
            ?? reader.count(in: "output_tokens_details", "reasoning_tokens")
            ?? reader.count("reasoning_tokens") ?? 0
        counts.audioOutput = reader.count(in: "completion_tokens_details", "audio_tokens") ?? 0
        counts.imageOutput = reader.count(in: "completion_tokens_details", "image_tokens") ?? 0
        counts.videoOutput = reader.count(in: "completion_tokens_details", "video_tokens") ?? 0
        counts.calls.webSearches =
            reader.count(in: "server_tool_use_details", "web_search_requests")
            ?? reader.count(in: "server_tool_use", "web_search_requests")
            ?? reader.count("num_search_queries") ?? 0
        counts.citations = reader.count("citation_tokens") ?? 0
        counts.oddities.formUnion(reader.oddities)
        placeOutsiders(&counts)
        placeResearch(object, &counts)
        return counts
    }

    /// OpenAI's Responses: input and output tokens with their parts inside.
    static func openAIResponses(_ object: JSONValue) -> VendorCounts {
        var reader = CountReader(object)
        var counts = VendorCounts()
        counts.input = reader.count("input_tokens")
        counts.output = reader.count("output_tokens")
        counts.total = reader.count("total_tokens")
        counts.cached = reader.count(in: "input_tokens_details", "cached_tokens") ?? 0
        counts.cacheWrite5m = reader.count(in: "input_tokens_details", "cache_write_tokens") ?? 0
        for details in ["input_tokens_details", "input_token_details"] {
            counts.audioInput += reader.count(in: details, "audio_tokens") ?? 0
            counts.imageInput += reader.count(in: details, "image_tokens") ?? 0
        }
        counts.reasoning = reader.count(in: "output_tokens_details", "reasoning_tokens") ?? 0
        counts.audioOutput = reader.count(in: "output_tokens_details", "audio_tokens") ?? 0
        counts.imageOutput = reader.count(in: "output_tokens_details", "image_tokens") ?? 0
        counts.calls.webSearches =
            reader.count(in: "server_side_tool_usage_details", "web_search_calls") ?? 0
        counts.oddities.formUnion(reader.oddities)
        placeOutsiders(&counts)
        return counts
    }

    /// Anthropic's Messages: what a cache served or took stands beside the input tokens.
    ///
    /// Passes of other kinds (compaction, advisor) are in `iterations` alone, and are billed: where
    /// these are given, they are added up.
    static func anthropic(_ object: JSONValue) -> VendorCounts {
        let passes = object["iterations"]?.elements ?? []
        guard !passes.isEmpty else { return anthropicPass(object) }
        var sum = VendorCounts()
        for pass in passes {
            let counts = anthropicPass(pass)
            sum.input = (sum.input ?? 0) + (counts.input ?? 0)
            sum.output = (sum.output ?? 0) + (counts.output ?? 0)
            sum.cached += counts.cached
            sum.cacheWrite5m += counts.cacheWrite5m
            sum.cacheWrite1h += counts.cacheWrite1h
            sum.oddities.formUnion(counts.oddities)
            if pass["model"] != nil { sum.oddities.insert(.otherModels) }
        }
        let whole = anthropicPass(object)
        sum.reasoning = whole.reasoning
        sum.calls = whole.calls
        return sum
    }

    private static func anthropicPass(_ object: JSONValue) -> VendorCounts {
        var reader = CountReader(object)
        var counts = VendorCounts()
        counts.cached = reader.count("cache_read_input_tokens") ?? 0
        takeWrites(reader.count("cache_creation_input_tokens"), &reader, &counts)
        if let input = reader.count("input_tokens") {
            counts.input = input + counts.cached + counts.cacheWrite5m + counts.cacheWrite1h
        }
        counts.output = reader.count("output_tokens")
        counts.reasoning = reader.count(in: "output_tokens_details", "thinking_tokens") ?? 0
        counts.calls.webSearches = reader.count(in: "server_tool_use", "web_search_requests") ?? 0
        counts.oddities.formUnion(reader.oddities)
        return counts
    }

    /// Gemini: thoughts beside the candidates, the prompt of tools beside the prompt, cached tokens
    /// inside it.
    static func gemini(_ object: JSONValue) -> VendorCounts {
        var reader = CountReader(object)
        var counts = VendorCounts()
        let prompt = reader.count("promptTokenCount")
        let tools = reader.count("toolUsePromptTokenCount")
        let candidates = reader.count("candidatesTokenCount", "responseTokenCount")
        let thoughts = reader.count("thoughtsTokenCount")
        counts.total = reader.count("totalTokenCount")
        if prompt != nil || tools != nil { counts.input = (prompt ?? 0) + (tools ?? 0) }
        if candidates != nil || thoughts != nil {
            counts.output = (candidates ?? 0) + (thoughts ?? 0)
        } else if let total = counts.total, let input = counts.input, total > input {
            counts.output = total - input
        }
        counts.reasoning = thoughts ?? 0
        counts.cached = reader.count("cachedContentTokenCount") ?? 0
        if let prompt, counts.cached > prompt {
            counts.cached = prompt
            counts.oddities.insert(.cachedExceedsPrompt)
        }
        for key in ["promptTokensDetails", "toolUsePromptTokensDetails"] {
            add(object[key], &reader, &counts, \.audioInput, \.imageInput, \.videoInput)
        }
        add(
            object["cacheTokensDetails"], &reader, &counts, \.cachedAudio, \.cachedImage,
            \.cachedVideo)
        add(
            object["candidatesTokensDetails"] ?? object["responseTokensDetails"], &reader, &counts,
            \.audioOutput, \.imageOutput, \.videoOutput)
        counts.oddities.formUnion(reader.oddities)
        checkTotal(&counts)
        return counts
    }

    private static func add(
        _ details: JSONValue?, _ reader: inout CountReader, _ counts: inout VendorCounts,
        _ audio: WritableKeyPath<VendorCounts, Int64>,
        _ image: WritableKeyPath<VendorCounts, Int64>,
        _ video: WritableKeyPath<VendorCounts, Int64>
    ) {
        for part in details?.elements ?? [] {
            let count = reader.count(part["tokenCount"] ?? part["tokens"]) ?? 0
            // Vertex may send the numbers of its enum: 2 image, 3 video, 4 audio.
            switch part["modality"] {
            case .string("AUDIO"), .string("audio"), .integer(4): counts[keyPath: audio] += count
            case .string("IMAGE"), .string("image"), .integer(2): counts[keyPath: image] += count
            case .string("VIDEO"), .string("video"), .integer(3): counts[keyPath: video] += count
            default: break
            }
        }
    }

    static func geminiInteractions(_ object: JSONValue) -> VendorCounts {
        var reader = CountReader(object)
        var counts = VendorCounts()
        let prompt = reader.count("total_input_tokens")
        let tools = reader.count("total_tool_use_tokens")
        if prompt != nil { counts.input = (prompt ?? 0) + (tools ?? 0) }
        let thoughts = reader.count("total_thought_tokens")
        if let output = reader.count("total_output_tokens") {
            counts.output = output + (thoughts ?? 0)
        }
        counts.reasoning = thoughts ?? 0
        counts.cached = reader.count("total_cached_tokens") ?? 0
        add(
            object["input_tokens_by_modality"], &reader, &counts, \.audioInput, \.imageInput,
            \.videoInput)
        counts.total = reader.count("total_tokens")
        counts.oddities.formUnion(reader.oddities)
        checkTotal(&counts)
        return counts
    }

    /// Cohere: `tokens` is what the model read and wrote, `billed_units` what is charged, which leaves
    /// out what Cohere put in front. The tokens are taken: bands and caches go by them.
    static func cohere(_ object: JSONValue) -> VendorCounts {
        let tokens = object["tokens"] ?? object["billed_units"] ?? object
        var reader = CountReader(tokens)
        var counts = VendorCounts()
        counts.input = reader.count("input_tokens")
        counts.output = reader.count("output_tokens")
        counts.reasoning = reader.count("reasoning_tokens") ?? 0
        counts.cached = reader.count(object["cached_tokens"]) ?? 0
        counts.oddities.formUnion(reader.oddities)
        return counts
    }

    static func ollama(_ object: JSONValue) -> VendorCounts {
        var reader = CountReader(object)
        var counts = VendorCounts()
        counts.input = reader.count("prompt_eval_count")
        counts.output = reader.count("eval_count")
        counts.oddities.formUnion(reader.oddities)
        return counts
    }

    // MARK: Shared

    /// Writes to caches: five minutes unless the vendor tells them apart, as Anthropic does, and
    /// LiteLLM among the details of the prompt. A day is priced as an hour.
    ///
    /// Where the breakdown is not the whole, as when a later event raised the total alone, the rest
    /// is of five minutes.
    private static func takeWrites(
        _ written: Int64?, _ reader: inout CountReader, _ counts: inout VendorCounts
    ) {
        let kinds =
            reader.object["cache_creation"]
            ?? reader.object["prompt_tokens_details"]?["cache_creation_token_details"]
        let hour = reader.count(kinds?["ephemeral_1h_input_tokens"]) ?? 0
        let day = reader.count(kinds?["ephemeral_24h_input_tokens"]) ?? 0
        let minutes = reader.count(kinds?["ephemeral_5m_input_tokens"]) ?? 0
        let long = hour + day
        let whole = max(written ?? (long + minutes), 0)
        if long + minutes > whole { reader.oddities.insert(.totalMismatch) }
        counts.cacheWrite1h = min(long, whole)
        counts.cacheWrite5m = whole - counts.cacheWrite1h
    }

    /// Perplexity's research reasons beside its completion, and leaves that out of its total: its own
    /// `cost` bills 73,997 tokens of reasoning, and 7,163 of output beside them, for a total of 7,196.
    private static func placeResearch(_ object: JSONValue, _ counts: inout VendorCounts) {
        guard object["citation_tokens"] != nil, object["reasoning_tokens"] != nil,
            !counts.oddities.contains(.reasoningBesideOutput),
            counts.reasoning > 0, let output = counts.output, let input = counts.input,
            counts.total == input + output
        else { return }
        counts.output = output + counts.reasoning
        counts.oddities.insert(.reasoningBesideOutput)
    }

    /// Puts parts that stand outside their total inside, where the vendor's own sum says so.
    private static func placeOutsiders(_ counts: inout VendorCounts) {
        guard let input = counts.input, let output = counts.output, let total = counts.total,
            total != input + output
        else { return }
        let missing = total - input - output
        if counts.reasoning > 0, missing == counts.reasoning {
            counts.output = output + counts.reasoning
            counts.oddities.insert(.reasoningBesideOutput)
        } else if counts.audioInput > 0, missing == counts.audioInput {
            counts.input = input + counts.audioInput
            counts.oddities.insert(.audioBesidePrompt)
        } else {
            counts.oddities.insert(.totalMismatch)
        }
    }

    private static func checkTotal(_ counts: inout VendorCounts) {
        guard let total = counts.total, let input = counts.input, let output = counts.output
        else { return }
        if total != input + output { counts.oddities.insert(.totalMismatch) }
    }
}
