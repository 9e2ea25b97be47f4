import Accounting
import ArgumentParser
import JSONBytes
import Pricing
import ProviderUsage

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
            Each is answered by one line, in order; a bad one by an error object, and the
            exit code is 3.
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
    @Option(help: "A vendor's usage object, answer or recorded stream as it came: a file, or -.")
    var vendorUsage: String?
    @Option(help: "Whose shapes --vendor-usage has, where its bytes do not tell.")
    var api: String?
    @Argument(help: "A file of usages, one JSON object a line; - for stdin.") var file: String?

    func run() throws {
        if let vendorUsage { return try price(vendorUsage: vendorUsage) }
        if api != nil {
            throw QuestionError.invalid(field: "--api", problem: "goes with --vendor-usage")
        }
        try price(usage.values, model: model, tier: serviceTier)
    }

    /// What the vendor counted, under its own model and tier unless others are named.
    private func price(vendorUsage path: String) throws {
        if let given = usage.values.first(where: { !$0.value.isEmpty })?.key {
            throw QuestionError.invalid(
                field: "--vendor-usage",
                problem: "it says all counts; leave --\(given.replacing("_", with: "-")) out")
        }
        let reading = try VendorInput.reading(of: path, api: api)
        guard let model = model ?? reading.model else {
            throw QuestionError.missing(
                field: "--model", wanted: "--model: the vendor's usage names none")
        }
        // An input that nobody reported has no price, and is not free.
        let counted = reading.usageOfRequest
        let counts = counted.meters.map { "\($0.name)=\(counted[$0])" }
        for oddity in reading.oddities.list { Terminal.note("note: \(oddity.sentence)") }
        try price(
            ["meter": counts], model: model,
            tier: serviceTier ?? reading.serviceTier?.lowercased(),
            when: reading.attributes.filter { name, _ in
                !when.contains { $0.hasPrefix("\(name)=") }
            }.map { "\($0)=\($1)" }.sorted())
    }

    private func price(
        _ counts: [String: [String]], model: String?, tier: String?, when told: [String] = []
    ) throws {
        let purchase = [
            "model": list(model), "channel": list(channel), "service_tier": list(tier),
            "completed_at": list(completedAt), "billed_in": list(billedIn), "when": when + told,
        ]
        let question = parameters(global, pricing.values, counts, purchase)
        let hasCounts = counts.contains { !$0.value.isEmpty }
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
