import Accounting
import ArgumentParser
import ConfigFiles
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

    @Option(
        help: "A name under which clients reach it, besides this machine's own; may be repeated.")
    var hostName: [String] = []
    @Option(help: "A YAML file of budgets, for /api/v1/budgets and /metrics.")
    var budgets: String?
    @Flag(help: "Ask for a key on this machine too.") var requireKey = false

    func run() async throws {
        let isLocal = ["127.0.0.1", "::1", "localhost"].contains(host)
        guard (0...65_535).contains(port) else {
            throw QuestionError.invalid(field: "--port", problem: "\(port) is not from 0 to 65535")
        }
        let limits = try budgets.map {
            try BudgetFile.read(try RateFolder.text(of: $0), file: $0)
        }
        let service = try Composition.service(global, budgets: limits ?? [])
        if !isLocal, try service.hasNoKeys() {
            throw QuestionError.invalid(
                field: "--host",
                problem:
                    "\(quoted(host)) is not of this machine alone, and there is no key yet; make one with tokenmeter keys create"
            )
        }
        let names = OriginGuard.loopbackHosts.union(hostName.map { $0.lowercased() }).union(
            isLocal ? [] : [host.lowercased()])
        let api = CostAPI(
            guardrail: OriginGuard(hosts: names, origins: Set(allowOrigin)),
            gate: AccessGate(
                keys: service.keys, wantsKey: !isLocal || requireKey, now: Composition.now),
            openAPI: try OpenAPIDocument.bytes(),
            context: service.context, ledger: service.ledger, writer: service.writer)
        var logger = Logger(label: "tokenmeter") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        let shownHost = host == "::1" ? "[::1]" : host
        try await CostServer(api: api, host: host, port: port).run(logger: logger) { port in
            Terminal.note("listening on http://\(shownHost):\(port)")
        }
    }
}
