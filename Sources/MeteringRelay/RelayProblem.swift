import JSONBytes
import NIOHTTP1
import ProviderUsage

/// Why a request was not passed on, or not answered; a client is told so as its vendor would.
package struct RelayProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let status: Int
    /// A stable word.
    package let code: String
    /// One sentence.
    package let message: String
    package var retryAfterSeconds: Int?
    /// The methods that the route has, where it was asked with another.
    var allowed: [String] = []
    /// What lets a page of another origin read it.
    package var headersOfPages: [String: String] = [:]

    package init(_ status: Int, _ code: String, _ message: String, retryAfterSeconds: Int? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var description: String { message }

    static let unavailable = RelayProblem(503, "unavailable", "the keys cannot be looked up now")

    var headers: HTTPHeaders {
        var headers: HTTPHeaders = ["content-type": "application/json"]
        if let retryAfterSeconds { headers.add(name: "retry-after", value: "\(retryAfterSeconds)") }
        if !allowed.isEmpty {
            headers.add(name: "allow", value: allowed.joined(separator: ", "))
        }
        for (name, value) in headersOfPages { headers.add(name: name, value: value) }
        if status == 401 { headers.add(name: "www-authenticate", value: "Bearer") }
        return headers
    }

    /// The body of an error of an API:
    /// <https://platform.openai.com/docs/guides/error-codes>, <https://platform.claude.com/docs/en/api/errors>,
    /// <https://ai.google.dev/gemini-api/docs/troubleshooting> (checked 2026-11-23).
    func body(_ api: StreamAPI) -> [UInt8] {
        switch api {
        case .anthropicMessages:
            JSONValue.object([
                "type": "error",
                "error": .object([
                    "type": .string(anthropicType), "message": .string(message),
                ]),
            ]).compactBytes
        case .gemini:
            JSONValue.object([
                "error": .object([
                    "code": .integer(Int64(status)), "message": .string(message),
                    "status": .string(geminiStatus),
                    "details": .array([
                        .object([
                            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                            "reason": .string(code), "domain": "tokenmeter",
                        ])
                    ]),
                ])
            ]).compactBytes
        default: JSONValue.object(["error": error]).compactBytes
        }
    }

    /// As OpenAI has it, and the messages of a WebSocket.
    var error: JSONValue {
        .object([
            "message": .string(message), "type": .string(code), "param": .null,
            "code": .string(code),
        ])
    }

    private var anthropicType: String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }

    private var geminiStatus: String {
        switch status {
        case 400, 413, 415: "INVALID_ARGUMENT"
        case 401: "UNAUTHENTICATED"
        case 402: "FAILED_PRECONDITION"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 408, 504: "DEADLINE_EXCEEDED"
        case 429: "RESOURCE_EXHAUSTED"
        case 503: "UNAVAILABLE"
        default: "INTERNAL"
        }
    }
}
