import Accounting
import Crypto
import HTTPTypes
import Hummingbird
import JSONBytes
import MeteringRelay
import NIOPosix
import Pricing

/// The JSON API: the documents of the command line's `--format json`, from the same code.
package struct CostAPI: Sendable {
    /// The largest question.
    package static let maximumBodyBytes = 1 << 20
    /// The largest body of events.
    package static let maximumEventsBytes = 8 << 20

    private let guardrail: OriginGuard
    private let gate: AccessGate
    private let openAPI: [UInt8]
    private let context: @Sendable () -> PricingContext
    private let ledger: @Sendable (LedgerRates) throws -> ServiceLedger
    private let writer: @Sendable () throws -> ServiceLedger
    private let readers: FileReaders
    private let relay: ServedRelay?
    private let log: AccessLog?

    /// `context` and the ledgers are asked once a request, for the hour moves on; the ledgers off the
    /// threads that serve, where they may wait for the disk. `ledger` answers, and `writer` has all
    /// rates and keeps events.
    package init(
        guardrail: OriginGuard, gate: AccessGate, openAPI: [UInt8],
        context: @escaping @Sendable () -> PricingContext,
        ledger: @escaping @Sendable (LedgerRates) throws -> ServiceLedger,
        writer: @escaping @Sendable () throws -> ServiceLedger, readers: FileReaders,
        relay: ServedRelay? = nil,
        log: AccessLog? = nil
    ) {
        self.guardrail = guardrail
        self.gate = gate
        self.openAPI = openAPI
        self.context = context
        self.ledger = ledger
        self.writer = writer
        self.readers = readers
        self.relay = relay
        self.log = log
    }

    package func router() -> Router<ServiceContext> {
        let router = Router(context: ServiceContext.self, options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            AccessLogMiddleware(log: log, now: { context().now })
            ProblemMiddleware(methods: Self.methods)
            guardrail
        }
        router.get("healthz") { _, _ in Self.text("ok\n") }
        router.get("readyz") { _, _ in try await ready() }
        router.get("openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: Self.body(openAPI))
        }
        let known = router.group().add(middleware: gate)
        known.get("metrics") { _, context in try await metrics(context.access) }
        let api = known.group("api/v1")
        for route in AnswerRoute.all { add(route, to: api) }
        api.post("price") { request, context in try await price(request, context) }
        api.post("inspect") { request, context in try await inspect(request, context) }
        api.post("events") { request, context in try await events(request, context) }
        return router
    }

    private static let methods: [String: [HTTPRequest.Method]] = {
        let plain = ["/healthz", "/readyz", "/openapi.json", "/metrics"]
        var methods = Dictionary(
            uniqueKeysWithValues: plain.map { ($0, [HTTPRequest.Method.get, .head]) })
        for route in AnswerRoute.all {
            methods["/api/v1/\(route.path)"] = route.wantsFile ? [.post] : [.get, .head, .post]
        }
        for path in ["events", "inspect"] { methods["/api/v1/\(path)"] = [.post] }
        return methods
    }()

    private func add(_ route: AnswerRoute, to group: RouterGroup<ServiceContext>) {
        let path = RouterPath(route.path)
        if !route.wantsFile {
            group.get(path) { request, context in
                let question = AnswerQuestion(
                    parameters: try Parameters(query: request), files: [:], readers: readers)
                return try await answer(route, question, request, context.access)
            }
        }
        guard !route.hasOwnBody else { return }
        group.post(path) { request, context in
            try Parameters(query: request).refuseUnknown([])
            let bytes = try await RequestBody.read(
                request, of: context, as: [RequestBody.json], upTo: Self.maximumBodyBytes
            ).bytes
            let question = try bytes.withUnsafeReadableBytes {
                try AnswerQuestion(
                    body: $0.bindMemory(to: UInt8.self), of: route, readers: readers)
            }
            return try await answer(route, question, request, context.access)
        }
    }

    private func answer(
        _ route: AnswerRoute, _ question: AnswerQuestion, _ request: Request, _ access: Access
    ) async throws -> Response {
        try access.require(.read)
        do {
            return try await answer(route.source, question, request, access)
        } catch let error as PricingError {
            let field = question.parameters.name(at: error) ?? question.files.keys.sorted().first
            throw Problem(error, field: field)
        }
    }

    private func answer(
        _ source: AnswerRoute.Source, _ question: AnswerQuestion, _ request: Request,
        _ access: Access
    ) async throws -> Response {
        switch source {
        case .rates(let answer):
            return Self.respond(try answer(context(), question).document, to: request)
        case .events(let rates, let answer):
            let own = AnswerQuestion(
                parameters: try Self.narrowed(question.parameters, to: access.key?.project),
                files: question.files, readers: readers)
            return Self.respond(
                try await waiting {
                    try answer(open(access) { try ledger(rates) }.context, own).document
                }, to: request)
        case .ledger(let rates, let answer):
            try Self.requireAll(access)
            return Self.respond(
                try await waiting {
                    try answer(open(access) { try ledger(rates) }, question).document
                }, to: request)
        }
    }

    /// The events of the key's own project alone.
    private static func narrowed(
        _ parameters: Accounting.Parameters, to project: String?
    ) throws(Problem) -> Accounting.Parameters {
        guard let project else { return parameters }
        let own = "project=\(project)"
        let conditions = parameters.texts("where")
        guard conditions.allSatisfy({ !$0.hasPrefix("project=") || $0 == own }) else {
            throw Problem(
                status: .forbidden, code: "forbidden",
                detail: "the key sees project \(quoted(project)) alone", field: "where")
        }
        return parameters.replacing(
            "where", with: conditions.filter { !$0.hasPrefix("project=") } + [own])
    }

    private static func requireAll(_ access: Access) throws(Problem) {
        guard let project = access.key?.project else { return }
        throw Problem(
            status: .forbidden, code: "forbidden",
            detail: "the key sees project \(quoted(project)) alone, and this is about all of them")
    }

    // MARK: Bodies of their own

    /// `{"model","channel","at","usage":{"input":…}}`, as a line of `price`'s input.
    private func price(_ request: Request, _ service: ServiceContext) async throws -> Response {
        try service.access.require(.read)
        try Parameters(query: request).refuseUnknown([])
        let bytes = try await RequestBody.read(
            request, of: service, as: [RequestBody.json], upTo: Self.maximumBodyBytes
        ).bytes
        let document = try bytes.withUnsafeReadableBytes {
            let body = $0.bindMemory(to: UInt8.self)
            do {
                return try context().price(body: body)
            } catch let error as PricingError {
                throw Problem(error, field: LineQuestion.member(at: error, of: body))
            }
        }
        return Self.respond(document, to: request)
    }

    /// What a recorded stream or answer used; its bytes are the body.
    private func inspect(_ request: Request, _ service: ServiceContext) async throws -> Response {
        try service.access.require(.read)
        let parameters = try Parameters(query: request)
        let question = try InspectQuestion(parameters)
        let bytes = try await RequestBody.read(
            request, of: service, as: RequestBody.streams, upTo: Self.maximumEventsBytes
        ).bytes
        let answer = try await waiting {
            try bytes.withUnsafeReadableBytes { try question.answer($0, name: "body") }
        }
        guard let answer else {
            throw Problem(
                status: .unprocessableContent, code: "no_stream",
                detail: "the body holds no stream and no answer of a known API")
        }
        return Self.respond(answer.document, to: request)
    }

    /// One event, an array of them, or one a line.
    private func events(_ request: Request, _ service: ServiceContext) async throws -> Response {
        let access = service.access
        try access.require(.ingest)
        let (type, bytes) = try await RequestBody.read(
            request, of: service, as: [RequestBody.json, RequestBody.ndjson],
            upTo: Self.maximumEventsBytes)
        let document = try await waiting {
            let ledger = try open(access, writer)
            var ingest = EventIngest(
                into: ledger.context, project: access.key?.project,
                isOpen: { id in
                    if relay?.relay.isOpen(id) == true { return true }
                    return try ledger.reservations.isHeld(id, account: ledger.context.account)
                })
            try bytes.withUnsafeReadableBytes {
                try Self.add($0.bindMemory(to: UInt8.self), of: type, to: &ingest)
            }
            guard ingest.count > 0 else {
                throw Problem(
                    status: .badRequest, code: "no_events", detail: "the body holds no event")
            }
            return try ingest.answer().document
        }
        return Self.respond(document, to: request)
    }

    private static func add(
        _ bytes: UnsafeBufferPointer<UInt8>, of type: String, to ingest: inout EventIngest
    ) throws {
        func requireRoom() throws(Problem) {
            guard ingest.count < EventIngest.maximumEvents else {
                throw Problem(
                    status: .contentTooLarge, code: "too_many_events",
                    detail:
                        "a body holds at most \(Count.grouped(Int64(EventIngest.maximumEvents))) events"
                )
            }
        }
        guard type == RequestBody.ndjson else {
            let json = try JSONReader.value(of: Array(bytes), numbers: .decimal)
            for element in json.elements ?? [json] {
                try requireRoom()
                try ingest.add(element)
            }
            return
        }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let isBlank = line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
            if isBlank { continue }
            try requireRoom()
            let json: JSONValue
            do {
                json = try JSONReader.value(of: Array(line), numbers: .decimal)
            } catch let error as JSONError {
                ingest.refuse(EventProblem(error.description))
                continue
            }
            try ingest.add(json)
        }
    }

    // MARK: Operation

    /// Whether events could be kept now.
    private func ready() async throws -> Response {
        do {
            try await waiting { try writer().reservations.renewNothing() }
            // A relay may know better: what was written may not have reached the disk.
            if let relay { try await relay.writer.ready() }
        } catch {
            throw Problem(
                status: .serviceUnavailable, code: "not_ready",
                detail: "the ledger cannot be written")
        }
        return Self.text("ready\n")
    }

    private func metrics(_ access: Access) async throws -> Response {
        try access.require(.read)
        try Self.requireAll(access)
        let text = try await waiting {
            let ledger = try open(access)
            let kept = try ledger.context.metrics(ledger.budgets, held: ledger.reservations)
            let passed = relay.map { $0.relay.metrics.metrics(waiting: $0.writer.waiting) } ?? []
            return PrometheusText.render(kept + passed)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: Self.body(Array(text.utf8)))
    }

    // MARK: Parts

    /// A lock of another program is waited for while prices are answered.
    private func waiting<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T
    {
        try await NIOThreadPool.singleton.runIfActive(body)
    }

    private func open(
        _ access: Access, _ made: (() throws -> ServiceLedger)? = nil
    ) throws -> ServiceLedger {
        let ledger: ServiceLedger
        do {
            ledger = try made?() ?? self.ledger(.frame)
        } catch {
            throw Problem(
                status: .serviceUnavailable, code: "no_ledger",
                detail: "the service has no ledger to read: \(error)")
        }
        return ledger.of(account: access.account)
    }

    /// With a tag of its content, so that who has it already is told so.
    private static func respond(_ document: JSONValue, to request: Request) -> Response {
        let bytes = document.compactBytes + [UInt8(ascii: "\n")]
        let digest = SHA256.hash(data: bytes).prefix(12)
        let tag =
            "\"" + digest.map { String(Int($0) | 0x100, radix: 16).dropFirst() }.joined() + "\""
        // Compared weakly: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 (checked 2026-11-29).
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map {
            let tag = $0.drop { $0 == " " }.prefix { $0 != " " }
            return tag.hasPrefix("W/") ? tag.dropFirst(2) : tag
        }
        let headers: HTTPFields = [
            .contentType: "application/json; charset=utf-8", .eTag: tag,
            .cacheControl: "private, no-cache",
        ]
        guard request.method == .post || !known.contains(where: { $0 == tag || $0 == "*" }) else {
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: body(bytes))
    }

    private static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain"], body: body(Array(text.utf8)))
    }

    static func body(_ bytes: [UInt8]) -> ResponseBody {
        ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
    }
}

extension ServiceLedger {
    fileprivate func of(account: String) -> ServiceLedger {
        account == context.account
            ? self
            : ServiceLedger(
                context: LedgerContext(
                    context.pricing, ledger: context.ledger, account: account),
                reservations: reservations, budgets: budgets)
    }
}

extension BudgetReservations {
    /// Takes the ledger's lock for a change of nothing.
    fileprivate func renewNothing() throws {
        try renew(
            owner: "", until: Timestamp(milliseconds: 0), account: LedgerContext.defaultAccount)
    }
}
