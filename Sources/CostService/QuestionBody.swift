import Accounting
import HTTPTypes
import Hummingbird
import JSONBytes
import NIOCore

/// Bodies of requests, of the types that a page of another origin cannot send unasked.
enum RequestBody {
    static let json = "application/json"
    static let ndjson = "application/x-ndjson"
    /// Of recorded streams and answers.
    static let streams = ["text/event-stream", json, ndjson, "application/octet-stream"]

    /// From the head of a request to the end of its body.
    private static let limit = TimeAmount.seconds(60)

    /// The body, where it is of one of some media types, and which of them it is.
    ///
    /// Who sends it too slowly is cut off.
    static func read(
        _ request: Request, of context: ServiceContext, as types: [String], upTo limit: Int
    ) async throws -> (type: String, bytes: ByteBuffer) {
        let coding = request.headers[.contentEncoding]?.lowercased() ?? "identity"
        guard coding == "identity" else {
            throw Problem(
                status: .unsupportedMediaType, code: "unsupported_media_type",
                detail: "the body must come unpacked, without Content-Encoding")
        }
        let given = (request.headers[.contentType] ?? "").split(separator: ";").first.map {
            $0.filter { $0 != " " }.lowercased()
        }
        guard let type = types.first(where: { $0 == given }) else {
            throw Problem(
                status: .unsupportedMediaType, code: "unsupported_media_type",
                detail: "the body must be \(types.joined(separator: " or "))")
        }
        let cut = context.channel.eventLoop.scheduleTask(in: Self.limit) {
            context.channel.close(promise: nil)
        }
        defer { cut.cancel() }
        var request = request
        do {
            return (type, try await request.collectBody(upTo: limit))
        } catch let error as HTTPError where error.status == .contentTooLarge {
            throw Problem.tooLarge(limit)
        } catch is NIOTooManyBytesError {
            throw Problem.tooLarge(limit)
        }
    }
}

extension AnswerQuestion {
    /// Reads `{"model":"gpt-4.1","output_tokens":1000,"where":["project=web"]}`: the names of the query,
    /// each a text, a number, true or false, or several of them in an array; and the files of the
    /// route, each an object or a text. null is as if it were not there.
    init(body: UnsafeBufferPointer<UInt8>, of route: AnswerRoute, readers: FileReaders) throws {
        let json = try JSONReader.value(of: Array(body), numbers: .decimal)
        guard case .object(let object) = json else {
            throw Problem(
                status: .badRequest, code: "malformed_json", detail: "the body is no JSON object")
        }
        var values: [String: [String]] = [:]
        var files: [String: JSONValue] = [:]
        for member in object.members {
            let (name, value) = (member.key, member.value)
            switch value {
            case .null: break
            case .object where route.files.contains(name): files[name] = value
            case _ where route.files.contains(name):
                throw QuestionError.invalid(field: name, problem: "is not an object")
            case .string where route.texts.contains(name): files[name] = value
            case _ where route.texts.contains(name):
                throw QuestionError.invalid(field: name, problem: "is not a text")
            case .array(let elements):
                values[name] = try elements.map { try Self.text($0, of: name) }
            default: values[name] = [try Self.text(value, of: name)]
            }
        }
        self.init(
            parameters: Parameters(values, spelling: .fields), files: files, readers: readers)
    }

    private static func text(_ value: JSONValue, of name: String) throws(QuestionError) -> String {
        switch value {
        case .string(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        default:
            guard let text = value.numberText else {
                throw .invalid(
                    field: name, problem: "is not a text, a number, true, false or an array of them"
                )
            }
            return text
        }
    }
}

extension Accounting.Parameters {
    /// The query's, without the keys that it may hold.
    init(query request: Request) throws(QuestionError) {
        var values: [String: [String]] = [:]
        for (key, value) in request.uri.queryParameters where !GivenKey.parameters.contains(key) {
            // The router has decoded the escapes; what it could not decode still holds this.
            guard !value.unicodeScalars.contains("\u{FFFD}") else {
                throw .invalid(field: String(key), problem: "is not percent-encoded UTF-8")
            }
            values[String(key), default: []].append(String(value))
        }
        self.init(values, spelling: .fields)
    }
}
