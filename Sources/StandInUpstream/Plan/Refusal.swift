/// A request that is not answered with a stream.
struct Refusal: Sendable {
    let error: VendorError
    var retryAfterSeconds: Int?
}

extension Fault {
    /// Whether it refuses a whole request.
    var refusal: Refusal? {
        switch self {
        case .rateLimited(let seconds):
            Refusal(error: .rateLimited, retryAfterSeconds: seconds)
        case .serverError: Refusal(error: .serverError)
        default: nil
        }
    }
}

extension AnswerPlan {
    /// The first of its faults that refuses a whole request.
    var refusal: Refusal? { first(\.refusal) }
}
