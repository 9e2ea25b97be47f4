import Accounting
import ArgumentParser
import JSONBytes
import Pricing
import ProviderUsage

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "A recorded stream or answer: its usage, how that is known, what is odd.",
        usage: "tokenmeter inspect [--events] [--api <api>] [<options>] <file>",
        discussion: """
            Example:
              curl -sN https://api.openai.com/v1/chat/completions … | tokenmeter inspect -

            Server-sent events, lines of JSON, arrays and single answers of OpenAI,
            Anthropic, Gemini, Cohere, Ollama, DashScope and all who speak like them. A
            file that holds none of it is exit code 1; one without usage is an answer.
            With --events, --format ndjson writes each as it is read, however many there
            are.
            """)

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Every event, with what is known behind it.") var events = false
    @Option(help: "Whose shapes it has, such as openai-chat (default: told by the bytes).")
    var api: String?
    @Flag(help: "The connection broke before the end of the body.") var cut = false
    @Argument(help: "A file, compressed or not; - for stdin.") var file: String

    func run() throws {
        // What is read may be large, and is to take no more room than it needs.
        StartPages.release()
        var reader = UsageReader(
            api: try api.map { try StreamAPI(named: $0, in: "--api") })
        var inspection = InspectAnswer(wantsEvents: events)
        let isStreamed = events && global.format == .ndjson
        var (count, lines) = (0, [UInt8]())
        try VendorInput.forEachBlock(of: file) { block in
            if isStreamed {
                reader.read(block) {
                    count += 1
                    lines += InspectAnswer.row(count, $0).compactBytes + [0x0A]
                }
                // Kept while it may still turn out that the file holds no stream.
                guard lines.count >= 1 << 16 else { return }
                try Terminal.write(lines)
                lines.removeAll(keepingCapacity: true)
            } else if events {
                reader.read(block) { inspection.add($0) }
                guard inspection.eventCount <= InspectAnswer.maximumEvents else {
                    throw QuestionError.invalid(
                        field: "--events",
                        problem:
                            "there are more than \(Count.grouped(Int64(InspectAnswer.maximumEvents))); --format ndjson writes them as they are read"
                    )
                }
            } else {
                reader.read(block)
            }
        }
        let reading = reader.finish(isCut: cut) { event in
            guard isStreamed else { return inspection.add(event) }
            count += 1
            lines += InspectAnswer.row(count, event).compactBytes + [0x0A]
        }
        let name = file == "-" ? "standard input" : file
        guard let answer = inspection.answer(reading, name: name, isCut: cut) else {
            Terminal.note("error: \(name) holds no stream and no answer of a known API")
            throw ExitCode(Failure.failed)
        }
        if isStreamed { return try Terminal.write(lines) }
        // Rows of CSV have no place for what is to be known of them.
        if global.format == .csv {
            for warning in answer.report.warnings { Terminal.note("note: \(warning)") }
        }
        try global.finish(answer)
    }
}
