import Accounting
import HTTPTypes
import Hummingbird
import JSONBytes
import Logging
import NIOCore
import Pricing

/// A problem document by RFC 9457 (<https://www.rfc-editor.org/rfc/rfc9457>, checked 2026-11-22).
struct Problem: Error {
    let status: HTTPResponse.Status
    /// A stable word; the problem's type is `urn:tokenmeter:problem:` and this.
    let code: String
    let detail: String
    /// The field at fault, where one is.
    var field: String?
    /// The methods that the route has, where it was asked with another.
    var allowed: [HTTPRequest.Method] = []

    var response: Response {
        let document = JSONValue.object([
            "type": .string("urn:tokenmeter:problem:\(code)"),
            "title": .string(status.reasonPhrase), "status": .integer(Int64(status.code)),
            "detail": .string(detail), "field": field.map(JSONValue.string),
        ])
        var headers: HTTPFields = [.contentType: "application/problem+json"]
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        if !allowed.isEmpty {
            headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
        }
        return Response(
            status: status, headers: headers,
            body: CostAPI.body(document.compactBytes + [UInt8(ascii: "\n")]))
    }

    /// What went wrong as the client is told it; only a fault of our own is a 500, and it says
    /// nothing of the inside.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as QuestionError:
            self.init(
                status: .badRequest, code: "invalid_question", detail: error.description,
                field: error.field)
        case let error as JSONError:
            self.init(
                status: .badRequest, code: "malformed_json", detail: error.description,
                field: error.field)
        case let error as PricingError: self.init(error, field: nil)
        case let error as LedgerError:
            self.init(
                status: .unprocessableContent, code: "ledger", detail: error.description)
        case let error as MoneyError:
            self.init(status: .unprocessableContent, code: "ledger", detail: error.description)
        case let error as any LedgerUnavailable:
            self.init(
                status: .serviceUnavailable, code: "ledger_unavailable", detail: error.sentence)
        case let error as HTTPError: self.init(http: error)
        case is NIOTooManyBytesError:
            self.init(http: HTTPError(.contentTooLarge))
        default:
            self.init(
                status: .internalServerError, code: "internal",
                detail: "the service failed; its log says why")
        }
    }

    init(_ error: PricingError, field: String?) {
        self.init(
            status: error.isUnpriceable ? .unprocessableContent : .badRequest, code: error.code,
            detail: Self.withFieldNames(error.description), field: field)
    }

    init(status: HTTPResponse.Status, code: String, detail: String, field: String? = nil) {
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
    }

    static func tooLarge(_ limit: Int) -> Problem {
        Problem(
            status: .contentTooLarge, code: "body_too_large",
            detail: "a body is at most \(limit >> 20) MiB here")
    }

    /// Sentences that name a flag, `--peak-share`, name the query's field here: `peak_share`.
    private static func withFieldNames(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard word.hasPrefix("--") else { return String(word) }
            return String(word.dropFirst(2).map { $0 == "-" ? "_" : $0 })
        }.joined(separator: " ")
    }

    private init(http error: HTTPError) {
        switch error.status {
        case .notFound:
            self.init(status: .notFound, code: "not_found", detail: "no such route")
        case .contentTooLarge:
            self.init(
                status: .contentTooLarge, code: "body_too_large",
                detail: "the body is larger than it may be here")
        default:
            self.init(
                status: error.status, code: "http", detail: error.body ?? error.status.reasonPhrase)
        }
    }
}

/// Turns every error into a problem document.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    /// What each path may be asked with.
    let methods: [String: [HTTPRequest.Method]]

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            // The service ends; nobody is there to be told.
            throw error
        } catch {
            var problem = Problem(error)
            if problem.status == .notFound, let allowed = methods[request.uri.path],
                !allowed.contains(request.method)
            {
                problem = Problem(
                    status: .methodNotAllowed, code: "method_not_allowed",
                    detail: "this route takes no \(request.method.rawValue)")
                problem.allowed = allowed
            }
            if [.internalServerError, .serviceUnavailable].contains(problem.status) {
                context.logger.error("request failed", metadata: ["error": "\(error)"])
            }
            return problem.response
        }
    }
}
