import Pricing

/// Which models of an import are one model, and what it is called here.
///
/// Sellers spell a model in their own ways; what they share without decorations is its id. Within
/// one channel every listing stays a model of its own: they have prices of their own.
struct ModelIdentity {
    struct Named {
        var name: String
        var vendor: String?
    }

    /// By channel, then by model, in the order of the import.
    private(set) var ids: [[String]] = []
    /// Models that no file of ours declares.
    private(set) var models: [String: Named] = [:]

    /// Ids by `CanonicalName.key`.
    private var idOfKey: [String: String] = [:]
    private let ownIDs: Set<String>
    /// Names of our own models: they cannot be ids of others.
    private let blocked: Set<String>

    /// `own`: the models that our own files declare. `earlier`: what the last import called the
    /// model of a channel and name, so that ids stay.
    init(
        _ catalog: ImportedCatalog, own: [Model], earlier: [Offering: String]
    ) {
        ownIDs = Set(own.map(\.id))
        blocked = Set(own.flatMap { $0.aliases.map { $0.text.lowercased() } }).subtracting(ownIDs)
        for model in own { idOfKey[CanonicalName.key(model.id)] = model.id }
        ids = catalog.channels.map { Array(repeating: "", count: $0.models.count) }
        // A vendor's own spelling goes before its resellers'; and what a channel calls by an id
        // itself is the id's model before what only comes down to it.
        for isVendorsTurn in [true, false] {
            for isCalledSo in [true, false] {
                for (index, channel) in catalog.channels.enumerated() {
                    let words = Vocabulary(channel)
                    assign(channel, index, words, earlier) { place, model in
                        (channel.isVendor && !model.isResold) == isVendorsTurn
                            && (words.model(model.canonical) == place) == isCalledSo
                    }
                }
            }
        }
    }

    /// What one channel means by a name, as its own names and globs say.
    private struct Vocabulary {
        private var places: [String: Int] = [:]
        private var patterns: [(pattern: ImportedPattern, place: Int)] = []

        init(_ channel: ImportedChannel) {
            for (place, model) in channel.models.enumerated() {
                for name in model.names where places[name] == nil { places[name] = place }
                patterns += model.patterns.map { ($0, place) }
            }
        }

        func model(_ name: String) -> Int? {
            places[name] ?? patterns.first { $0.pattern.matches(name) }?.place
        }
    }

    private mutating func assign(
        _ channel: ImportedChannel, _ index: Int, _ words: Vocabulary,
        _ earlier: [Offering: String], where isTurn: (Int, ImportedModel) -> Bool
    ) {
        var taken = Set(ids[index])
        for (place, model) in channel.models.enumerated() where isTurn(place, model) {
            let known = earlier[Offering(channel: channel.id, model: Self.label(model))]
            var id = known ?? id(of: model, on: channel, taken)
            // What the channel calls another of its models cannot be this one's id.
            func isAnothers(_ id: String) -> Bool { words.model(id).map { $0 != place } ?? false }
            if known == nil, taken.contains(id) || isAnothers(id) { id = Self.own(model, channel) }
            while taken.contains(id) { id = "\(channel.id)/\(id)" }
            ids[index][place] = id
            taken.insert(id)
            note(id, model, vendor: channel.isVendor && !model.isResold ? channel.id : nil)
        }
    }

    /// The name by which a later import finds a model again.
    static func label(_ model: ImportedModel) -> String {
        model.names.first ?? model.patterns.first?.glob ?? model.id.lowercased()
    }

    private mutating func id(
        of model: ImportedModel, on channel: ImportedChannel, _ taken: Set<String>
    ) -> String {
        let key = CanonicalName.key(model.canonical)
        if let id = idOfKey[key], !taken.contains(id) { return id }
        let isFree = idOfKey[key] == nil && !blocked.contains(model.canonical)
        let id = isFree ? model.canonical : Self.own(model, channel)
        if isFree { idOfKey[key] = id }
        return id
    }

    private static func own(_ model: ImportedModel, _ channel: ImportedChannel) -> String {
        "\(channel.id)/\(model.id.lowercased())"
    }

    private mutating func note(_ id: String, _ model: ImportedModel, vendor: String?) {
        guard !ownIDs.contains(id) else { return }
        if models[id] == nil { models[id] = Named(name: model.name ?? model.id, vendor: vendor) }
    }
}
