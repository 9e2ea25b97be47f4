import Pricing

/// Our own files over imported ones: where both price a model on a channel in one currency, ours
/// count alone, and where several imports do, the first by name. So with what a channel calls a
/// model.
///
/// An import never touches a file of ours, and a file of ours never has to touch an import.
enum RateFileLayers {
    static let folder = "imported/"

    /// `genai-prices` for `imported/genai-prices/openai.json`; `nil` for a file of our own.
    static func source(of file: RateFile) -> String? {
        let parts = file.name.split(separator: "/")
        guard parts.count > 2, file.name.hasPrefix(folder) else { return nil }
        return String(parts[1])
    }

    private struct List: Hashable {
        let channel: String
        let model: String
        let currency: Currency
    }

    static func merge(_ own: RateFileContent, _ imports: [RateFileContent]) -> RateFileContent {
        imports.reduce(into: own) { merged, imported in add(imported, to: &merged) }
    }

    private static func add(_ imported: RateFileContent, to merged: inout RateFileContent) {
        let taken = Set(merged.lines.map { list($0.entry.line) })
        let replaced = merged.replaced
        merged.lines += imported.lines.filter { entry, _ in
            !taken.contains(list(entry.line))
                && !replaced.contains(
                    Offering(channel: entry.line.channel, model: entry.line.model))
        }
        let named = Set(merged.channelNames.map { Self.word($0.entry) })
        merged.channelNames += imported.channelNames.filter { name, _ in
            !replaced.contains(Offering(channel: name.channel, model: name.model))
                && !named.contains(Self.word(name))
        }
        addChannels(imported, to: &merged)
        let known = Set(merged.models.map(\.model.id))
        let ofReplaced = Set(replaced.map(\.model))
        let used = Set(merged.lines.map(\.entry.line.model)).union(
            merged.channelNames.map(\.entry.model))
        merged.models += imported.models.filter { model, _ in
            // What a channel of ours stands for under other ids is gone where nobody else sells it.
            !known.contains(model.id) && (used.contains(model.id) || !ofReplaced.contains(model.id))
        }
        merged.exchangeRates += imported.exchangeRates
        merged.extensions.merge(imported.extensions) { ours, _ in ours }
    }

    /// A channel that both know is ours, and goes by the names of both.
    private static func addChannels(
        _ imported: RateFileContent, to merged: inout RateFileContent
    ) {
        let places = Dictionary(
            merged.channels.enumerated().map { ($1.channel.id, $0) },
            uniquingKeysWith: { one, _ in one })
        for (channel, place) in imported.channels {
            guard let index = places[channel.id] else {
                merged.channels.append((channel, place))
                continue
            }
            let ours = merged.channels[index]
            merged.channels[index] = (
                ours.channel.with(aliases: ours.channel.aliases + channel.aliases), ours.place
            )
        }
    }

    /// A channel's word for something.
    private struct Word: Hashable {
        let channel: String
        let text: String
        let isPattern: Bool
    }

    private static func word(_ name: ChannelName) -> Word {
        Word(
            channel: name.channel, text: name.name.text.lowercased(), isPattern: name.isPattern)
    }

    private static func list(_ line: RateLine) -> List {
        List(channel: line.channel, model: line.model, currency: line.currency)
    }
}
