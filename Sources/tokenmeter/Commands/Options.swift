import Accounting
import ArgumentParser

/// What every command knows.
struct GlobalOptions: ParsableArguments {
    @Option(help: "The database (default: $TOKENMETER_DATABASE, then the XDG data folder).")
    var database: String?

    @Option(help: "How the answer is written.")
    var format: OutputFormat = .table

    @Option(
        name: .customLong("pricing-data"),
        help: "Rate tables in a folder, in place of the shipped ones, for this one command.")
    var pricingData: String?

    @Option(help: "The IANA zone in which dates are read (default: the machine's).")
    var timezone: String?

    /// Commands that have commands of their own.
    static let groups = [
        RatesCommand.configuration, LedgerCommand.configuration, KeysCommand.configuration,
    ]

    /// Puts global options that stand before the command behind it, where each command reads them:
    /// both places are theirs.
    static func behindTheCommand(_ arguments: [String]) -> [String] {
        let names = ["--database", "--format", "--pricing-data", "--timezone"]
        var rest = arguments[...]
        var moved: [String] = []
        while let first = rest.first,
            let name = names.first(where: { first == $0 || first.hasPrefix($0 + "=") })
        {
            let count = first == name ? 2 : 1
            guard rest.count >= count else { return arguments }
            moved += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        guard !moved.isEmpty else { return arguments }
        let words = groups.contains { $0.commandName == rest.first } ? 2 : 1
        return rest.prefix(words) + moved + rest.dropFirst(words)
    }

    /// Prints the answer and ends with the exit code of its verdict.
    func finish(_ answer: Answer) throws {
        try Terminal.write(
            format.render(
                answer, width: Terminal.width, hasColour: Terminal.hasColour,
                hasBlocks: Terminal.hasBlocks))
        let code = Failure.code(of: answer.verdict)
        if code != 0 { throw ExitCode(code) }
    }
}

/// What every pricing command knows.
struct PricingOptions: ParsableArguments {
    @Option(help: "The time whose rates are taken: a date or RFC 3339 (default: now).")
    var at: String?

    @Option(help: "Show costs in this currency.")
    var currency: String?

    @Option(help: "An exchange rate for this answer, such as USD/CNY=7.3; may be repeated.")
    var fx: [String] = []
}

/// Counts per meter: disjoint, but for the inclusive `--prompt-tokens`.
struct UsageOptions: ParsableArguments {
    @Option(help: "Uncached input tokens.") var inputTokens: String?
    @Option(help: "Input tokens read from the cache; they come on top of the uncached ones.")
    var cachedTokens: String?
    @Option(
        name: .customLong("cache-write-5m-tokens"),
        help: "Input tokens written to the 5-minute cache.")
    var cacheWrite5mTokens: String?
    @Option(
        name: .customLong("cache-write-1h-tokens"),
        help: "Input tokens written to the 1-hour cache.")
    var cacheWrite1hTokens: String?
    @Option(help: "The inclusive input total, in place of --input-tokens.") var promptTokens:
        String?
    @Option(help: "Output tokens without reasoning.") var outputTokens: String?
    @Option(help: "Reasoning tokens, on top of the output.") var reasoningTokens: String?
    @Option(help: "Audio input tokens.") var audioInputTokens: String?
    @Option(help: "Audio input tokens read from the cache.") var cachedAudioInputTokens: String?
    @Option(help: "Audio output tokens.") var audioOutputTokens: String?
    @Option(help: "Image input tokens.") var imageInputTokens: String?
    @Option(help: "Image output tokens.") var imageOutputTokens: String?
    @Option(help: "Video input tokens.") var videoInputTokens: String?
    @Option(help: "Any other meter, such as web_search=3; may be repeated.") var meter: [String] =
        []

    var values: [String: [String]] {
        [
            "input_tokens": list(inputTokens), "cached_tokens": list(cachedTokens),
            "cache_write_5m_tokens": list(cacheWrite5mTokens),
            "cache_write_1h_tokens": list(cacheWrite1hTokens), "prompt_tokens": list(promptTokens),
            "output_tokens": list(outputTokens), "reasoning_tokens": list(reasoningTokens),
            "audio_input_tokens": list(audioInputTokens),
            "cached_audio_input_tokens": list(cachedAudioInputTokens),
            "audio_output_tokens": list(audioOutputTokens),
            "image_input_tokens": list(imageInputTokens),
            "image_output_tokens": list(imageOutputTokens),
            "video_input_tokens": list(videoInputTokens), "meter": meter,
        ]
    }
}

/// A month's demand by requests, and how it is bought.
struct WorkloadOptions: ParsableArguments {
    @Option(help: "Requests a day.") var requestsPerDay: String?
    @Option(help: "Requests a month.") var requestsPerMonth: String?
    @Option(help: "Input tokens of a request, cached and written ones included.")
    var inputPerRequest: String?
    @Option(help: "Output tokens of a request.") var outputPerRequest: String?
    @Option(help: "The share of the total input that the cache serves, such as 60%.")
    var cachedShare: String?
    @Option(help: "The share of the total input that is written to the 5-minute cache.")
    var cacheWriteShare: String?
    @Option(help: "The share that goes through the batch tier.") var batchShare: String?
    @Option(help: "The share that falls into the dearer hours.") var peakShare: String?
    @Option(help: "Days in a month (default: 30).") var daysPerMonth: String?

    var values: [String: [String]] {
        [
            "requests_per_day": list(requestsPerDay), "requests_per_month": list(requestsPerMonth),
            "input_per_request": list(inputPerRequest),
            "output_per_request": list(outputPerRequest), "cached_share": list(cachedShare),
            "cache_write_share": list(cacheWriteShare), "batch_share": list(batchShare),
            "peak_share": list(peakShare), "days_per_month": list(daysPerMonth),
        ]
    }
}

func list(_ value: String?) -> [String] { value.map { [$0] } ?? [] }

/// The flags of several groups as one question.
func parameters(_ global: GlobalOptions, _ groups: [String: [String]]...) -> Parameters {
    var all: [String: [String]] = ["timezone": list(global.timezone)]
    for group in groups { all.merge(group) { _, new in new } }
    return Parameters(all, spelling: .flags)
}

extension PricingOptions {
    var values: [String: [String]] { ["at": list(at), "currency": list(currency), "fx": fx] }
}
