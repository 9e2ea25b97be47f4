/// What a vendor serves, by its canonical id, with the other names it has gone by.
package final class Model: Sendable {
    package let id: String
    package let name: String
    /// The channel that `direct` stands for; `nil` where its maker sells it nowhere.
    package let vendor: String?
    package let aliases: [DatedName]
    package let patterns: [DatedName]

    package init(
        id: String, name: String, vendor: String?, aliases: [DatedName] = [],
        patterns: [DatedName] = []
    ) {
        self.id = id
        self.name = name
        self.vendor = vendor
        self.aliases = aliases
        self.patterns = patterns
    }
}

/// An alias or a glob pattern that stood for a model from one day to another: `deepseek-chat`
/// moves.
package struct DatedName: Hashable, Sendable {
    package let text: String
    package let validFrom: Timestamp
    /// Exclusive; `nil` while it holds.
    package let validTo: Timestamp?
    /// Globs that a pattern leaves out.
    package let except: [String]

    package init(
        text: String, validFrom: Timestamp = .beginning, validTo: Timestamp? = nil,
        except: [String] = []
    ) {
        self.except = except
        self.text = text
        self.validFrom = validFrom
        self.validTo = validTo
    }

    package func holds(at time: Timestamp) -> Bool {
        validFrom <= time && validTo.map { time < $0 } ?? true
    }

    package func overlaps(_ other: DatedName) -> Bool {
        (validTo.map { other.validFrom < $0 } ?? true)
            && (other.validTo.map { validFrom < $0 } ?? true)
    }
}

/// What one channel calls a model, by an exact name or by a glob: an Azure deployment, a Bedrock id.
///
/// The globs of one channel are tried in the order in which they stand; the first that matches
/// counts.
package struct ChannelName: Hashable, Sendable {
    package let channel: String
    package let model: String
    package let isPattern: Bool
    package let name: DatedName
    /// Said by a file of our own, and not by an import: it goes before what imports say.
    package let isOwn: Bool

    package init(
        channel: String, model: String, isPattern: Bool, name: DatedName, isOwn: Bool = true
    ) {
        self.channel = channel
        self.model = model
        self.isPattern = isPattern
        self.name = name
        self.isOwn = isOwn
    }
}
