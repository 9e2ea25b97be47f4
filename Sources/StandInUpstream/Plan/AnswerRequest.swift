import JSONBytes

/// What a stand-in takes from a request's body; the rest of it does not matter.
package struct AnswerRequest: Hashable, Sendable {
    package var model: String
    package var isStreamed: Bool
    package var maximumTokens: Int?
    package var asksForUsage: Bool
    package var bodyBytes: Int

    /// Throws `JSONError` for what is not one JSON object.
    package init(_ body: [UInt8]) throws {
        let document = try JSONReader.value(of: body, numbers: .decimal)
        guard document.members != nil else {
            throw JSONError(offset: 0, problem: "expected an object")
        }
        self.init(document, bodyBytes: body.count)
    }

    package init(_ document: JSONValue, bodyBytes: Int) {
        model = document["model"]?.textValue ?? "stand-in"
        isStreamed = document["stream"] == .bool(true)
        let limits = [
            document["max_completion_tokens"], document["max_tokens"],
            document["max_output_tokens"], document["generationConfig"]?["maxOutputTokens"],
        ]
        maximumTokens = limits.compactMap { $0?.numberText }.compactMap { Int($0) }.first
        asksForUsage = document["stream_options"]?["include_usage"] == .bool(true)
        self.bodyBytes = bodyBytes
    }

    /// What the plan comes to for this request.
    package func facts(
        _ plan: AnswerPlan, api: UpstreamAPI, serial: String
    ) -> AnswerFacts {
        let allowed = maximumTokens.map { max(0, $0 - plan.reasoningTokens) } ?? plan.tokens
        let prompt = plan.promptTokens ?? max(1, bodyBytes / 4)
        return AnswerFacts(
            serial: serial, model: model, plan: plan, tokens: min(plan.tokens, allowed),
            isLimited: allowed < plan.tokens, promptTokens: prompt,
            cachedTokens: min(plan.cachedTokens, prompt), showsUsage: showsUsage(plan, api))
    }

    private func showsUsage(_ plan: AnswerPlan, _ api: UpstreamAPI) -> Bool {
        if plan.faults.contains(.noUsage) { return false }
        switch plan.usage {
        case .never: return false
        case .always, .growing: return true
        case .vendor: return api != .openAIChat || !isStreamed || asksForUsage
        }
    }
}
