import JSONBytes

/// An error as each vendor words it.
struct VendorError: Sendable {
    let status: Int
    let kind: String
    let message: String
    /// The field that is at fault.
    var field: String?

    static let midStream = VendorError(
        status: 500, kind: "server_error",
        message: "The stand-in was told to fail in mid-stream.")
    static let rateLimited = VendorError(
        status: 429, kind: "rate_limit_exceeded",
        message: "The stand-in was told to say that there are too many requests.")
    static let serverError = VendorError(
        status: 500, kind: "server_error", message: "The stand-in was told to fail.")
    static let usageRefused = VendorError(
        status: 400, kind: "invalid_request_error",
        message: "Unknown parameter: 'stream_options.include_usage'.",
        field: "stream_options.include_usage")

    static func badRequest(_ problem: String) -> VendorError {
        VendorError(status: 400, kind: "invalid_request_error", message: problem)
    }

    var openAI: JSONValue {
        .object([
            "error": .object([
                "message": .string(message), "type": .string(kind), "param": .optional(field),
                "code": .string(kind),
            ])
        ])
    }

    var anthropic: JSONValue {
        let type =
            switch status {
            case 400: "invalid_request_error"
            case 404: "not_found_error"
            case 429: "rate_limit_error"
            default: "api_error"
            }
        return .object([
            "type": "error",
            "error": .object(["type": .string(type), "message": .string(message)]),
        ])
    }

    var gemini: JSONValue {
        let name =
            switch status {
            case 400: "INVALID_ARGUMENT"
            case 404: "NOT_FOUND"
            case 429: "RESOURCE_EXHAUSTED"
            default: "INTERNAL"
            }
        return .object([
            "error": .object([
                "code": .count(status), "message": .string(message), "status": .string(name),
            ])
        ])
    }
}
