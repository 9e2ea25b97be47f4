import Accounting
import ArgumentParser
import JSONBytes

struct PriceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "price",
        abstract: "What one request costs, or each of many on stdin.",
        usage: "tokenmeter price [--model <model>] [<options>] [<file>]",
        discussion: """
            Example:
              tokenmeter price --model gpt-4.1 --channel openai \\
                --input-tokens 1000000 --cached-tokens 400000 --output-tokens 100000

            Without --model, usages are read from stdin (or FILE), one JSON object a line:
              {"model":"gpt-4.1","channel":"openai","usage":{"input":1000,"output":50}}
            Each is answered by one line, in order; a bad one by an error object, and the exit code is 3.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var pricing: PricingOptions
    @OptionGroup var usage: UsageOptions

    @Option(help: "The model: its id, or another name for it.") var model: String?
    @Option(help: "Where it is bought (default: direct, the model's own vendor).") var channel:
        String?
    @Option(help: "The service tier, such as batch (default: standard).") var serviceTier: String?
    @Option(help: "When the answer was complete, for channels priced at completion.")
    var completedAt: String?
    @Option(help: "Which of the channel's price lists, by currency.") var billedIn: String?
    @Option(help: "A further attribute of the request, such as speed=fast; may be repeated.")
    var when: [String] = []
    @Argument(help: "A file of usages, one JSON object a line; - for stdin.") var file: String?

    func run() throws {
        let purchase = [
            "model": list(model), "channel": list(channel), "service_tier": list(serviceTier),
            "completed_at": list(completedAt), "billed_in": list(billedIn), "when": when,
        ]
        let question = parameters(global, pricing.values, usage.values, purchase)
        let hasCounts = usage.values.contains { !$0.value.isEmpty }
        if model == nil, file != nil || (!Terminal.stdinIsTerminal && !hasCounts) {
            return try priceLines(question)
        }
        if let file {
            throw QuestionError.invalid(
                field: "--model", problem: "each line of \(file) names its own")
        }
        let scope = Composition.Scope(models: list(model), channels: list(channel))
        try global.finish(try Composition.answer(global, about: scope) { try $0.price(question) })
    }

    private func priceLines(_ question: Parameters) throws {
        switch global.format {
        case .table, .ndjson: break
        case .json, .csv, .markdown:
            throw QuestionError.invalid(
                field: "--format", problem: "lines of usages are answered as ndjson")
        }
        var lines = try PriceLines(question, try Composition.context(global))
        var input = try LineInput(path: file ?? "-")
        var writer = JSONWriter()
        while let line = try input.next() {
            switch line {
            case .complete(let bytes): lines.answer(bytes, into: &writer)
            case .tooLong: lines.refuseLongLine(into: &writer)
            }
            if writer.bytes.count >= 1 << 18 {
                try Terminal.write(writer.bytes)
                writer.bytes.removeAll(keepingCapacity: true)
            }
            if input.isStarved, !writer.bytes.isEmpty {
                // Nothing more is at hand: whoever waits for the answers so far gets them.
                try Terminal.write(writer.bytes)
                writer.bytes.removeAll(keepingCapacity: true)
            }
        }
        try Terminal.write(writer.bytes)
        if lines.answered == 0 {
            Terminal.note("error: no line to price")
            throw ExitCode(Failure.unpriced)
        }
        if lines.failures > 0 {
            let lost = "\(lines.failures) of \(lines.answered) lines"
            Terminal.note("note: \(lost) could not be priced; each says why")
            throw ExitCode(Failure.unpriced)
        }
    }
}
