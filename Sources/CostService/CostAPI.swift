import Accounting
import HTTPTypes
import Hummingbird
import JSONBytes
import NIOPosix
import Pricing

/// The JSON API: the documents of the command line's `--format json`, from the same code.
package struct CostAPI: Sendable {
    /// The largest body that is read.
    package static let maximumBodyBytes = 1 << 20

    private let context: @Sendable () -> PricingContext
    private let ledger: @Sendable () throws -> LedgerContext
    private let guardrail: OriginGuard

    /// `context` and `ledger` are asked once a request, for the hour moves on; `ledger` off the
    /// threads that serve, where it may wait for the disk.
    package init(
        guardrail: OriginGuard, context: @escaping @Sendable () -> PricingContext,
        ledger: @escaping @Sendable () throws -> LedgerContext
    ) {
        self.guardrail = guardrail
        self.context = context
        self.ledger = ledger
    }

    package func router() -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.addMiddleware {
            ProblemMiddleware()
            guardrail
        }
        router.get("healthz") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain"],
                body: Self.body(Array("ok\n".utf8)))
        }
        let api = router.group("api/v1")
        answer(api, "forecast") { try $0.forecast($1) }
        answer(api, "savings") { try $0.savings($1) }
        answer(api, "mix") { try $0.mix($1) }
        answer(api, "compare") { try $0.compare($1) }
        answer(api, "rates") { try $0.ratesList($1) }
        answer(api, "price") { try $0.price($1) }
        api.post("price") { request, _ in try await priceBody(request) }
        ledgerAnswer(api, "usage") { try $0.usage($1) }
        ledgerAnswer(api, "ledger/status") { ledger, parameters in
            try parameters.refuseUnknown(["timezone"])
            return try ledger.status()
        }
        return router
    }

    private func answer(
        _ group: RouterGroup<BasicRequestContext>, _ name: String,
        _ use: @escaping @Sendable (PricingContext, Accounting.Parameters) throws -> Answer
    ) {
        group.get(RouterPath(name)) { request, _ in
            Self.respond(try use(context(), try Self.parameters(request)).document)
        }
    }

    /// What reads the ledger runs on threads that may block: a lock of another program is waited for
    /// while prices are answered.
    private func ledgerAnswer(
        _ group: RouterGroup<BasicRequestContext>, _ name: String,
        _ use: @escaping @Sendable (LedgerContext, Accounting.Parameters) throws -> Answer
    ) {
        group.get(RouterPath(name)) { request, _ in
            let parameters = try Self.parameters(request)
            return Self.respond(
                try await NIOThreadPool.singleton.runIfActive {
                    try use(openLedger(), parameters).document
                })
        }
    }

    private func openLedger() throws -> LedgerContext {
        do {
            return try ledger()
        } catch {
            throw Problem(
                status: .serviceUnavailable, code: "no_ledger",
                detail: "the service has no ledger to read: \(error)")
        }
    }

    /// `{"model","channel","at","usage":{"input":…}}`, as a line of `price`'s input.
    private func priceBody(_ request: Request) async throws -> Response {
        let type = request.headers[.contentType] ?? ""
        let mediaType = type.split(separator: ";").first.map {
            $0.filter { $0 != " " }.lowercased()
        }
        guard mediaType == "application/json" else {
            throw Problem(
                status: .unsupportedMediaType, code: "unsupported_media_type",
                detail: "the body must be application/json")
        }
        var request = request
        let buffer = try await request.collectBody(upTo: Self.maximumBodyBytes)
        let document = try buffer.withUnsafeReadableBytes { bytes in
            try context().price(body: bytes.bindMemory(to: UInt8.self))
        }
        return Self.respond(document)
    }

    private static func parameters(_ request: Request) throws -> Accounting.Parameters {
        var values: [String: [String]] = [:]
        for (key, value) in request.uri.queryParameters {
            guard let text = String(value).removingPercentEncodingStrictly else {
                throw QuestionError.invalid(
                    field: String(key), problem: "is not percent-encoded UTF-8")
            }
            values[String(key), default: []].append(text)
        }
        return Accounting.Parameters(values, spelling: .fields)
    }

    private static func respond(_ document: JSONValue) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: body(document.compactBytes + [UInt8(ascii: "\n")]))
    }

    static func body(_ bytes: [UInt8]) -> ResponseBody {
        ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
    }
}

extension String {
    /// The router has decoded the escapes; what it could not decode still holds them.
    fileprivate var removingPercentEncodingStrictly: String? {
        unicodeScalars.contains("\u{FFFD}") ? nil : self
    }
}
