/// Which rule made a model of a name, as `rates match` shows it.
package struct NameRule: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// The model's own id.
        case id
        /// Another name of the model, whoever sells it.
        case alias
        /// A pattern for names of the model, whoever sells it.
        case pattern
        /// What a channel calls the model.
        case channelName = "channel_name"
        /// A pattern for what a channel calls the model.
        case channelPattern = "channel_pattern"
    }

    package let kind: Kind
    /// The id, name or pattern that matched.
    package let text: String
    /// The channel whose name or pattern it is.
    package let channel: String?
    /// The spelling of the name that matched: `gpt-5.2-2025-12-11` for `gpt-5.2-20251211`.
    package let spelling: String
}

/// What a name stands for.
package struct NameMatch: Hashable, Sendable {
    /// The place in the catalog's models.
    package let model: Int
    /// The channel that the name itself tells: `accounts/fireworks/models/…`, `groq/…`.
    package let channel: String?
    package let rule: NameRule
}
