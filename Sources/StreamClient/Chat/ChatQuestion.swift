import NIOCore

/// What is asked: a conversation, of whose last message an answer is wanted.
package struct ChatQuestion: Hashable, Sendable {
    package var model: String
    package var messages: [ChatMessage]
    package var maximumTokens: Int64?
    /// How the request differs from the usual one, because the vendor refused that.
    package var adjustments: Set<ChatAdjustment> = []

    package init(model: String, messages: [ChatMessage], maximumTokens: Int64? = nil) {
        self.model = model
        self.messages = messages
        self.maximumTokens = maximumTokens
    }
}

package struct ChatMessage: Hashable, Sendable {
    package enum Role: String, Hashable, Sendable { case system, user, assistant }

    package var role: Role
    package var text: String

    package init(_ role: Role, _ text: String) {
        self.role = role
        self.text = text
    }
}

/// What is tried once where a vendor refuses the usual request with a 400 that names the field.
package enum ChatAdjustment: Hashable, Sendable, CaseIterable {
    /// Does not ask for usage, which is not everybody's to give.
    case withoutUsage
    /// Names the limit `max_completion_tokens`, which newer models of OpenAI's want.
    case completionTokens

    /// What the refusal says.
    var field: String {
        switch self {
        case .withoutUsage: "stream_options"
        case .completionTokens: "max_completion_tokens"
        }
    }

    /// Those whose fields a refusal names where it says what is wrong; that it repeats the request is no
    /// complaint.
    static func named(by status: Int, in body: ByteBuffer) -> Set<ChatAdjustment> {
        guard status == 400 || status == 422,
            let words = VendorMessage.complaint(in: body.readableBytesView)
        else { return [] }
        return Set(allCases.filter { words.contains($0.field) })
    }

    /// Whether it changes anything about a question.
    func isOf(_ question: ChatQuestion) -> Bool {
        self != .completionTokens || question.maximumTokens != nil
    }
}
