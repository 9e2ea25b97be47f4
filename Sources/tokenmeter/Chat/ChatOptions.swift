import Accounting
import ArgumentParser
import Pricing
import ProviderUsage
import StreamClient

enum ChatProtocol: String, ExpressibleByArgument, CaseIterable {
    case sse, ws
}

/// Whom to ask, and in whose name.
struct ChatOptions: ParsableArguments {
    @Option(help: "The model, by the name that the channel knows it by.") var model: String
    @Option(help: "Where it is bought (default: the model's own vendor).") var channel: String?
    @Option(name: .customLong("protocol"), help: "sse or ws: how the answer comes.")
    var transport: ChatProtocol = .sse
    @Option(help: "Another address than the channel's: https://host/v1, or wss://host/path.")
    var url: String?
    @Option(help: "Another dialect than the channel's, such as anthropic-messages.")
    var api: String?
    @Option(help: "A file with the key, - for stdin (default: the channel's variable).")
    var keyFile: String?
    @Option(help: "A file of PEM with certificates to trust besides the machine's.")
    var caFile: String?
    @Option(help: "What the model is told before everything else.") var system: String?
    @Option(help: "At most so many tokens of answer.") var maxTokens: String?
    @Option(help: "The project that it is for.") var project: String?
    @Option(help: "The user that it is for.") var user: String?
    @Option(help: "A tag NAME=VALUE; may be repeated.") var tag: [String] = []
    @Option(help: "Keep the raw bytes of each answer in this folder.") var record: String?
    @Option(help: "Seconds to wait for a connection (default: 10).") var connectTimeout: String?
    @Option(help: "Seconds to wait for the first byte (default: 120).")
    var firstByteTimeout: String?
    @Option(help: "Seconds that an answer may pause (default: 60).") var idleTimeout: String?
    @Option(help: "Seconds that a whole answer may take (default: 1800).")
    var totalTimeout: String?

    func settings() throws -> StreamSettings {
        var settings = StreamSettings()
        let timeouts: [(String, String?, WritableKeyPath<StreamTimeouts, Int64?>)] = [
            ("--connect-timeout", connectTimeout, \.connectMilliseconds),
            ("--first-byte-timeout", firstByteTimeout, \.firstByteMilliseconds),
            ("--idle-timeout", idleTimeout, \.idleMilliseconds),
            ("--total-timeout", totalTimeout, \.totalMilliseconds),
        ]
        for (flag, text, path) in timeouts {
            guard let text else { continue }
            settings.timeouts[keyPath: path] = try Self.milliseconds(text, flag)
        }
        if let caFile { settings.trust = .systemAnd(file: caFile) }
        return settings
    }

    func maximumTokens() throws -> Int64? {
        guard let maxTokens else { return nil }
        guard let count = Count.parse(maxTokens), (1...Usage.maximumCount).contains(count) else {
            throw QuestionError.invalid(
                field: "--max-tokens", problem: "\(quoted(maxTokens)) is not a count such as 2048")
        }
        return count
    }

    func tags() throws -> [String: String] {
        var tags: [String: String] = [:]
        for pair in tag {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw QuestionError.invalid(
                    field: "--tag", problem: "\(quoted(pair)) is not NAME=VALUE")
            }
            tags[String(parts[0])] = String(parts[1])
        }
        return tags
    }

    /// `30`, `0.5`: exact, at most three decimals.
    private static func milliseconds(_ text: String, _ flag: String) throws -> Int64 {
        let attos = DecimalText.parse(text)
        let step: Int128 = 1_000_000_000_000_000
        guard let attos, attos > 0, attos % step == 0, attos / step <= 86_400_000 else {
            throw QuestionError.invalid(
                field: flag,
                problem: "\(quoted(text)) is not a number of seconds up to 86400, such as 30 or 0.5"
            )
        }
        return Int64(attos / step)
    }
}
