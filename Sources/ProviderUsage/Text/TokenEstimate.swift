/// Output tokens from the text that came: UTF-8 bytes over a constant for each family of models and
/// each script.
///
/// `Docs/streams.md` says how the constants and their errors were measured, and
/// `EstimateTests` measures them again.
package struct TokenEstimate: Sendable {
    /// Models that share a tokenizer, or nearly.
    package enum Family: String, CaseIterable, Sendable {
        case gpt, claude, gemini, other

        package init(model: String?) {
            let name = (model ?? "").lowercased()
            let parts = name.split { !$0.isLetter && !$0.isNumber }
            func has(_ words: String...) -> Bool {
                words.contains { word in parts.contains { $0.hasPrefix(word) } }
            }
            if has("claude") {
                self = .claude
            } else if has("gemini", "gemma") {
                self = .gemini
            } else if has("gpt", "chatgpt", "o1", "o3", "o4", "davinci", "codex") {
                self = .gpt
            } else {
                self = .other
            }
        }
    }

    /// Hundredths of a UTF-8 byte that a token holds.
    private struct Constants {
        let latin: Int64
        let cjk: Int64
        let code: Int64
        /// Half of the recorded streams that report their usage are off by less, in percent.
        let errorPercent: Int
    }

    /// The name of the method: it changes when a constant does.
    package static let version = "bytes-1"

    package let tokens: Int64
    package let errorPercent: Int
    /// `bytes-1 gpt ±55%`
    package let method: String

    package init(_ text: TextTally, model: String?) {
        let family = Family(model: model)
        let constants = Self.constants(family)
        // Each script is rounded up: text is at least one token.
        func tokens(_ bytes: Int64, _ hundredths: Int64) -> Int64 {
            (bytes * 100 + hundredths - 1) / hundredths
        }
        self.tokens =
            tokens(text.latinBytes, constants.latin) + tokens(text.cjkBytes, constants.cjk)
            + tokens(text.codeBytes, constants.code)
        errorPercent = constants.errorPercent
        method = "\(Self.version) \(family.rawValue) ±\(constants.errorPercent)%"
    }

    private static func constants(_ family: Family) -> Constants {
        switch family {
        case .gpt: Constants(latin: 385, cjk: 400, code: 200, errorPercent: 55)
        case .claude: Constants(latin: 360, cjk: 280, code: 150, errorPercent: 35)
        case .gemini: Constants(latin: 405, cjk: 420, code: 200, errorPercent: 20)
        case .other: Constants(latin: 425, cjk: 340, code: 200, errorPercent: 25)
        }
    }
}
