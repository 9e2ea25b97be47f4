/// Finds the model that a name stood for at some time.
struct ModelNames: Sendable {
    private enum Target: Sendable {
        case model(Int)
        case aliases([(name: DatedName, model: Int)])
    }

    private let models: [Model]
    private let names: [String: Target]
    private let patterns: [(name: DatedName, glob: [UInt8], model: Int)]

    init(_ models: [Model]) {
        self.models = models
        var aliases: [String: [(name: DatedName, model: Int)]] = [:]
        var patterns: [(name: DatedName, glob: [UInt8], model: Int)] = []
        for (index, model) in models.enumerated() {
            for alias in model.aliases { aliases[alias.text, default: []].append((alias, index)) }
            for pattern in model.patterns {
                patterns.append((pattern, Array(pattern.text.utf8), index))
            }
        }
        var names = aliases.mapValues(Target.aliases)
        for (index, model) in models.enumerated() { names[model.id] = .model(index) }
        self.names = names
        self.patterns = patterns
    }

    /// An id first, then an alias that holds at `time`, then the patterns; then the same in small
    /// letters.
    func resolve(_ name: String, at time: Timestamp) throws(PricingError) -> Int {
        if let model = try find(name, at: time) { return model }
        let lowered = name.lowercased()
        if lowered != name, let model = try find(lowered, at: time) { return model }
        throw .unknownModel(name, nearest: NearestNames.find(name, among: models.map(\.id)))
    }

    private func find(_ name: String, at time: Timestamp) throws(PricingError) -> Int? {
        switch names[name] {
        case .model(let index): return index
        case .aliases(let targets):
            for target in targets where target.name.holds(at: time) {
                return target.model
            }
        case nil: break
        }
        let bytes = Array(name.utf8.prefix(512))
        let matches = patterns.filter { pattern in
            pattern.name.holds(at: time) && Glob.matches(pattern.glob, bytes)
                && !pattern.name.except.contains { Glob.matches($0.utf8, bytes) }
        }
        let candidates = Set(matches.map(\.model))
        guard candidates.count < 2 else {
            throw .ambiguousModel(name, candidates: candidates.map { models[$0].id }.sorted())
        }
        return candidates.first
    }
}
