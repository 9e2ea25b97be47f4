/// Where and how a channel is spoken to, as it documents it; each part is `nil` where its file says
/// nothing.
package struct ChannelEndpoints: Hashable, Sendable {
    /// The dialect of its requests and answers, by one of `names`.
    package let api: String?
    /// Above the route of the dialect: `https://api.openai.com/v1`.
    package let baseURL: String?
    package let webSocketURL: String?

    package init(api: String? = nil, baseURL: String? = nil, webSocketURL: String? = nil) {
        self.api = api
        self.baseURL = baseURL
        self.webSocketURL = webSocketURL
    }

    package static let none = ChannelEndpoints()

    /// The dialects in which something can be asked.
    package static let names = [
        "openai-chat", "openai-responses", "anthropic-messages", "gemini",
    ]
}
