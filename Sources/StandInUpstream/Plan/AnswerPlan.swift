/// How a stand-in answers: how much, how fast, and what goes wrong.
package struct AnswerPlan: Hashable, Sendable {
    /// When usage is told.
    package enum UsageShape: String, CaseIterable, Sendable {
        /// As the vendor does: OpenAI's chat streams only where the request asks for it.
        case vendor
        /// Whether it was asked for or not.
        case always
        /// In every piece, growing.
        case growing
        case never
    }

    package var tokens = 100
    package var timeToFirstToken = Duration.milliseconds(138)
    /// `nil`: as fast as the client reads.
    package var tokensPerSecond: Double? = 374
    package var script = SyntheticText.Script.latin
    package var seed: UInt64 = 1
    /// `nil`: a quarter of the bytes of the request.
    package var promptTokens: Int?
    /// Of the prompt's.
    package var cachedTokens = 0
    /// Thought before the tokens that are sent.
    package var reasoningTokens = 0
    package var usage = UsageShape.vendor
    package var faults: [Fault] = []

    package init() {}

    /// The names of `set`.
    package static let settings = [
        "tokens", "ttft", "rate", "text", "seed", "prompt-tokens", "cached-tokens",
        "reasoning-tokens", "usage", "fault",
    ]

    /// One setting by its name, as a flag or a request's header spells it; faults add up.
    package mutating func set(_ name: String, to value: String) throws(PlanError) {
        do throws(PlanError) {
            switch name {
            case "tokens": tokens = try PlanText.count(value)
            case "ttft": timeToFirstToken = try PlanText.duration(value)
            case "rate": tokensPerSecond = try Self.rate(value)
            case "text": script = try Self.word(value)
            case "seed": seed = UInt64(try PlanText.count(value))
            case "prompt-tokens": promptTokens = try PlanText.count(value)
            case "cached-tokens": cachedTokens = try PlanText.count(value)
            case "reasoning-tokens": reasoningTokens = try PlanText.count(value)
            case "usage": usage = try Self.word(value)
            case "fault": faults.append(try Fault(value))
            default:
                throw PlanError(
                    "there is no such setting; there are "
                        + Self.settings.joined(separator: ", "))
            }
        } catch {
            throw PlanError("\(name): \(error)")
        }
    }

    /// The plan changed by `tokens=5,fault=stall:2`.
    package func changed(by text: some StringProtocol) throws(PlanError) -> AnswerPlan {
        var plan = self
        for setting in text.split(separator: ",") {
            let halves = setting.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else {
                throw PlanError("\"\(setting)\" is not of the form name=value")
            }
            try plan.set(
                String(halves[0].filter { $0 != " " }), to: String(halves[1].filter { $0 != " " }))
        }
        return plan
    }

    /// When a token is due after the request, the first being number 0.
    package func due(_ token: Int) -> Duration {
        guard let tokensPerSecond else { return timeToFirstToken }
        return timeToFirstToken
            + .nanoseconds(Int64((Double(token) / tokensPerSecond * 1e9).rounded()))
    }

    private static func rate(_ text: String) throws(PlanError) -> Double? {
        if text == "max" { return nil }
        guard let rate = Double(text), rate.isFinite, rate >= 0.001, rate <= 1e7 else {
            throw PlanError("\"\(text)\" is neither tokens per second nor max")
        }
        return rate
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ text: String
    ) throws(PlanError) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            let all = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw PlanError("\"\(text)\" is none of \(all)")
        }
        return word
    }
}

extension AnswerPlan {
    var stallsAfter: Int? { first { if case .stall(let tokens) = $0 { tokens } else { nil } } }
    var cutsAfterBytes: Int? { first { if case .cut(let bytes) = $0 { bytes } else { nil } } }
    var garbageAfter: Int? { first { if case .garbage(let tokens) = $0 { tokens } else { nil } } }
    var errorAfter: Int? { first { if case .error(let tokens) = $0 { tokens } else { nil } } }
    var headersDelay: Duration? {
        first { if case .slowHeaders(let delay) = $0 { delay } else { nil } }
    }
    var isMissingDone: Bool { faults.contains(.missingDone) }

    func first<Value>(_ value: (Fault) -> Value?) -> Value? {
        for fault in faults { if let value = value(fault) { return value } }
        return nil
    }
}
