import Accounting
import ArgumentParser
import CostService
import Logging
import Pricing

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "The same answers as JSON over HTTP, on this machine.",
        usage: "tokenmeter serve [--host <host>] [--port <port>] [<options>]",
        discussion: """
            Example:
              tokenmeter serve --port 8787 &
              curl -s '127.0.0.1:8787/api/v1/price?model=gpt-4.1&input_tokens=1000'

            Query parameters are the command line's flags with _ for -. GET /api/v1/forecast, savings, mix,
            compare, rates, price, usage, ledger/status; POST /api/v1/price with {"model","channel","usage":{"input":1000}}.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "The address to listen on; without keys only this machine's own.") var host =
        "127.0.0.1"
    @Option(help: "The port; 0 takes a free one.") var port = 8787
    @Option(
        help: "A web origin whose pages may ask, such as http://localhost:3000; may be repeated.")
    var allowOrigin: [String] = []

    func run() async throws {
        guard ["127.0.0.1", "::1", "localhost"].contains(host) else {
            throw QuestionError.invalid(
                field: "--host",
                problem:
                    "\(quoted(host)) is not of this machine alone, and that needs keys, which this version does not have"
            )
        }
        guard (0...65_535).contains(port) else {
            throw QuestionError.invalid(field: "--port", problem: "\(port) is not from 0 to 65535")
        }
        let start = try Composition.context(global)
        let api = CostAPI(
            guardrail: OriginGuard(origins: Set(allowOrigin)),
            context: {
                PricingContext(book: start.book, now: Composition.now(), zone: start.zone)
            },
            // Opened anew for each answer, as each command does: a ledger that was put in its place,
            // and rates that were added, count at once.
            ledger: { [global] in try Composition.ledger(global) })
        var logger = Logger(label: "tokenmeter") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        let shownHost = host == "::1" ? "[::1]" : host
        try await CostServer(api: api, host: host, port: port).run(logger: logger) { port in
            Terminal.note("listening on http://\(shownHost):\(port)")
        }
    }
}
