import Accounting
import ArgumentParser
import ConfigFiles
import CostService
import Logging
import MeteringRelay
import Pricing
import RateCatalog

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "The same answers as JSON over HTTP, and a relay that meters what passes.",
        usage: "tokenmeter serve [--relay <file>] [--port <port>] [<options>]",
        discussion: """
            Examples:
              tokenmeter serve --port 8787 &
              curl -s '127.0.0.1:8787/api/v1/price?model=gpt-4.1&input_tokens=1000'
              tokenmeter serve --relay relay.yml --budgets budgets.yml

            Query parameters are the command line's flags with _ for -; /openapi.json
            lists every route. With --relay, requests to /v1/chat/completions,
            /v1/responses, /v1/messages, /v1beta/models/… and /v1/ws/chat are passed on
            and metered: point a client's base URL here. See Docs/service.md and
            Docs/relay.md.
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
    @Option(help: "A YAML file of upstreams; requests to them are passed on and metered.")
    var relay: String?
    @Option(help: "Keep the raw bodies of answers in this folder: they hold content.")
    var record: String?
    @Option(help: "Write a line of JSON for each request to this file; - is stderr.")
    var accessLog: String?
    @Option(help: "The certificate chain for TLS, a file of PEM.") var tlsCertificate: String?
    @Option(help: "The key to it, a file of PEM.") var tlsKey: String?
    @Option(help: "Seconds that answers under way may take once the service is asked to end.")
    var shutdownLimit = 30

    func run() async throws {
        let limits = try budgets.map {
            try BudgetFile.read(try RateFolder.text(of: $0), file: $0)
        }
        for budget in limits ?? [] where budget.basis != .actual {
            Terminal.note(
                "note: budget \(quoted(budget.name)) is on: \(budget.basis.rawValue), and the service watches those that are on: actual"
            )
        }
        let service = try Composition.service(global, budgets: limits ?? [])
        let address = try address()
        if !isLocal, try service.hasNoKeys() {
            throw QuestionError.invalid(
                field: "--host",
                problem:
                    "\(quoted(host)) is not of this machine alone, and there is no key yet; make one with tokenmeter keys create"
            )
        }
        let names = OriginGuard.loopbackHosts.union(hostName.map { $0.lowercased() }).union(
            isLocal ? [] : [host.lowercased()])
        if let text = allowOrigin.first(where: { !OriginGuard.isOrigin($0) }) {
            throw QuestionError.invalid(
                field: "--allow-origin",
                problem: "\(quoted(text)) is not an origin such as https://app.example.com")
        }
        let guardrail = OriginGuard(hosts: names, origins: Set(allowOrigin))
        let gate = AccessGate(
            keys: service.keys, wantsKey: !isLocal || requireKey, now: Composition.now)
        var logger = Logger(label: "tokenmeter") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        let log = try accessLog.map(LogFile.init).map { file in AccessLog { file.write($0) } }
        let served = try relay(service, limits ?? [], guardrail, gate, log, logger)
        let api = CostAPI(
            guardrail: guardrail, gate: gate,
            openAPI: try OpenAPIDocument.bytes(hasRelay: relay != nil),
            context: service.context, ledger: service.ledger, writer: service.writer,
            readers: FileReaders(
                budgets: { try BudgetFile.read($0, file: $1) },
                plan: { try PlanReading.workloads($0, file: $1, $2, $3) },
                invoice: { try InvoiceFile.read($0, file: $1) },
                contentID: { $0.contentID }), relay: served, log: log)
        let shownHost = host == "::1" ? "[::1]" : host
        let scheme = address.tls == nil ? "http" : "https"
        try await CostServer(api: api, relay: served, at: address).run(logger: logger) { port in
            StartPages.release()
            Terminal.note("listening on \(scheme)://\(shownHost):\(port)")
        }
    }

    private var isLocal: Bool { ["127.0.0.1", "::1", "localhost"].contains(host) }

    private func address() throws -> ServerAddress {
        guard (0...65_535).contains(port) else {
            throw QuestionError.invalid(field: "--port", problem: "\(port) is not from 0 to 65535")
        }
        guard (0...3_600).contains(shutdownLimit) else {
            throw QuestionError.invalid(
                field: "--shutdown-limit", problem: "\(shutdownLimit) is not from 0 to 3600")
        }
        var address = ServerAddress(host: host, port: port)
        address.shutdownSeconds = shutdownLimit
        switch (tlsCertificate, tlsKey) {
        case (nil, nil): break
        case (let certificate?, let key?):
            address.tls = ServerAddress.TLS(certificates: certificate, key: key)
        default:
            throw QuestionError.invalid(
                field: tlsKey == nil ? "--tls-certificate" : "--tls-key",
                problem: "--tls-certificate and --tls-key go together")
        }
        return address
    }

    private func relay(
        _ service: Composition.Service, _ budgets: [Budget], _ guardrail: OriginGuard,
        _ gate: AccessGate, _ log: AccessLog?, _ logger: Logger
    ) throws -> ServedRelay? {
        guard let relay else {
            guard record == nil else {
                throw QuestionError.invalid(
                    field: "--record", problem: "goes with --relay, whose answers it keeps")
            }
            return nil
        }
        var setup = try RelaySetup(file: relay, service.context())
        setup.shutdownSeconds = shutdownLimit
        if let record {
            setup.recording = try RawRecording(record)
            Terminal.note(
                "note: \(record) will hold the content of answers; share it only where they may be read"
            )
        }
        return try Composition.relay(
            setup, service, budgets: budgets,
            gate: RelayDoor(guardrail: guardrail, gate: gate),
            log: log, logger: logger)
    }
}
