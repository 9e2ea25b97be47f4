/// Finds the model that a name stood for at some time, and the channel that the name tells.
///
/// Exact names are looked up in one table; patterns are compiled once. What had to be searched for
/// is remembered, up to a bound.
struct ModelNames: Sendable {
    /// A span of time, and the model that a name stands for in it.
    private struct Holder: Sendable {
        let model: Int32
        /// The place in `channels`; -1 for a name of the model itself.
        let channel: Int32
        let from: Int64
        let end: Int64

        init(model: Int, channel: Int = -1, name: DatedName? = nil) {
            self.model = Int32(model)
            self.channel = Int32(channel)
            from = name?.validFrom.milliseconds ?? .min
            end = name?.validTo?.milliseconds ?? .max
        }

        func holds(at time: Timestamp) -> Bool {
            from <= time.milliseconds && time.milliseconds < end
        }
    }

    private struct Pattern: Sendable {
        let glob: [UInt8]
        let except: [[UInt8]]
        let fingerprint: UInt64
        let letters: Int
        let holder: Holder

        init(_ name: DatedName, _ holder: Holder) {
            glob = Array(name.text.lowercased().utf8)
            except = name.except.map { Array($0.lowercased().utf8) }
            fingerprint = Glob.fingerprint(ofPattern: glob)
            letters = Glob.letters(glob)
            self.holder = holder
        }

        func matches(_ text: [UInt8], _ bits: UInt64, at time: Timestamp) -> Bool {
            fingerprint & ~bits == 0 && holder.holds(at: time) && Glob.matches(glob, text)
                && !except.contains { Glob.matches($0, text) }
        }
    }

    /// Holders of one name: a range of `holders`, and the model that it is the id of, or -1.
    private struct Entry: Sendable {
        var id: Int32 = -1
        var first: Int32 = 0
        var last: Int32 = 0
    }

    private let models: [Model]
    private let channels: [String]
    private let channelPlaces: [String: Int]
    private let entries: [String: Entry]
    private let holders: [Holder]
    /// Of the models themselves.
    private let patterns: [Pattern]
    /// By channel.
    private let channelPatterns: [[Pattern]]
    /// The moments at which some name begins or ends to hold, in order.
    private let changes: [Int64]

    init(_ catalog: Catalog) {
        models = catalog.models
        channels = catalog.channels.map(\.id)
        var places: [String: Int] = [:]
        for (place, channel) in catalog.channels.enumerated() {
            for alias in channel.aliases where places[alias] == nil { places[alias] = place }
        }
        for (place, channel) in catalog.channels.enumerated() { places[channel.id] = place }
        channelPlaces = places

        var ids: [String: Int] = [:]
        for (index, model) in models.enumerated() { ids[model.id] = index }
        var byName: [String: [Holder]] = [:]
        var patterns: [Pattern] = []
        for (index, model) in models.enumerated() {
            for alias in model.aliases {
                byName[alias.text.lowercased(), default: []].append(
                    Holder(model: index, name: alias))
            }
            patterns += model.patterns.map { Pattern($0, Holder(model: index, name: $0)) }
        }
        var ofChannels: [[Pattern]] = Array(repeating: [], count: channels.count)
        for entry in catalog.channelNames {
            guard let model = ids[entry.model], let channel = places[entry.channel] else {
                continue
            }
            let holder = Holder(model: model, channel: channel, name: entry.name)
            if entry.isPattern {
                ofChannels[channel].append(Pattern(entry.name, holder))
            } else {
                byName[entry.name.text.lowercased(), default: []].append(holder)
            }
        }
        var entries: [String: Entry] = [:]
        var holders: [Holder] = []
        for (name, own) in byName {
            let first = Int32(holders.count)
            holders += own
            entries[name] = Entry(first: first, last: Int32(holders.count))
        }
        for (index, model) in models.enumerated() {
            entries[model.id, default: Entry()].id = Int32(index)
        }
        self.entries = entries
        self.holders = holders
        self.patterns = patterns
        channelPatterns = ofChannels
        let spans = holders + (patterns + ofChannels.joined()).map(\.holder)
        changes = Set(spans.flatMap { [$0.from, $0.end] }).subtracting([.min, .max]).sorted()
    }

    /// The channel of an id or an alias.
    func channel(_ name: String) -> String? {
        (channelPlaces[name] ?? channelPlaces[name.lowercased()]).map { channels[$0] }
    }

    // MARK: The quick road

    /// The model of an exact name, without touching the heap; `nil` sends the caller to `resolve`.
    func quick(_ name: String, on channel: String, at time: Timestamp) -> Int? {
        guard let entry = entries[name] else { return nil }
        if entry.first == entry.last { return Int(entry.id) }
        let place = channel == Channel.direct ? -1 : Int32(channelPlaces[channel] ?? -1)
        var found = entry.id
        for index in Int(entry.first)..<Int(entry.last) {
            let holder = holders[index]
            guard holder.holds(at: time) else { continue }
            if holder.channel < 0 {
                if found < 0 { found = holder.model }
            } else if holder.channel == place {
                return Int(holder.model)
            }
        }
        return found >= 0 ? Int(found) : nil
    }

    /// Which of the spans between two changes of any name holds `time`: within one, a name means one
    /// thing.
    func era(of time: Timestamp) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= time.milliseconds { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: The long road

    /// What `name` stood for at `time` on a channel, or wherever it is sold where that is `nil`.
    ///
    /// Of each spelling: the channel's own names, ids and aliases, the channel's patterns, patterns
    /// of the models. Where none of these says anything, and no channel is known, the patterns of
    /// all channels.
    func resolve(
        _ name: String, on channel: String?, at time: Timestamp
    ) throws(PricingError) -> NameMatch {
        let place = channel.flatMap { channelPlaces[$0] ?? channelPlaces[$0.lowercased()] }
        let spellings = NameSpellings(name).all
        for spelling in spellings {
            // `groq/x` is x at Groq; `openai/x` at OpenRouter is x, at OpenRouter.
            let told = spelling.head.map { channelPlaces[$0] } ?? nil
            if spelling.head != nil, told == nil { continue }
            let scope = told ?? place
            var found = try exact(spelling.text, in: scope, at: time, name)
            if found == nil { found = try pattern(spelling.text, in: scope, at: time, name) }
            guard let match = found else { continue }
            return told == nil || place != nil
                ? match : match.onChannel(told.map { channels[$0] })
        }
        for spelling in spellings where place == nil && spelling.head == nil {
            if let match = try anyChannelsPattern(spelling.text, at: time, name) { return match }
        }
        throw .unknownModel(name, nearest: NearestNames.find(name, among: models.map(\.id)))
    }

    private func exact(
        _ text: String, in scope: Int?, at time: Timestamp, _ name: String
    ) throws(PricingError) -> NameMatch? {
        guard let entry = entries[text] else { return nil }
        let all = holders[Int(entry.first)..<Int(entry.last)].filter { $0.holds(at: time) }
        if let scope, let own = all.first(where: { $0.channel == Int32(scope) }) {
            return match(own, .channelName, text, text)
        }
        if entry.id >= 0 { return match(Holder(model: Int(entry.id)), .id, text, text) }
        if let alias = all.first(where: { $0.channel < 0 }) {
            return match(alias, .alias, text, text)
        }
        return scope == nil ? try told(by: all, .channelName, text, text, name) : nil
    }

    private func pattern(
        _ text: String, in scope: Int?, at time: Timestamp, _ name: String
    ) throws(PricingError) -> NameMatch? {
        let bytes = Array(text.utf8)
        let bits = Glob.fingerprint(ofText: bytes)
        func first(_ patterns: [Pattern]) -> Pattern? {
            patterns.first { $0.matches(bytes, bits, at: time) }
        }
        if let scope, let own = first(channelPatterns[scope]) {
            return match(own.holder, .channelPattern, own.glob, text)
        }
        let own = patterns.filter { $0.matches(bytes, bits, at: time) }
        guard Set(own.map(\.holder.model)).count < 2 else {
            let ids = Set(own.map { models[Int($0.holder.model)].id })
            throw .ambiguousModel(name, candidates: ids.sorted())
        }
        if let own = own.first { return match(own.holder, .pattern, own.glob, text) }
        return nil
    }

    /// The channel that says most about such names knows them best.
    private func anyChannelsPattern(
        _ text: String, at time: Timestamp, _ name: String
    ) throws(PricingError) -> NameMatch? {
        let bytes = Array(text.utf8)
        let bits = Glob.fingerprint(ofText: bytes)
        let candidates = channelPatterns.compactMap { patterns in
            patterns.first { $0.matches(bytes, bits, at: time) }
        }
        guard let most = candidates.map(\.letters).max() else { return nil }
        let best = candidates.filter { $0.letters == most }
        return try told(
            by: best.map(\.holder), .channelPattern, String(decoding: best[0].glob, as: UTF8.self),
            text, name)
    }

    /// What several channels call by one name: one model, and its channel where only one says so.
    /// A vendor knows its own models best.
    private func told(
        by holders: [Holder], _ kind: NameRule.Kind, _ rule: String, _ text: String,
        _ name: String
    ) throws(PricingError) -> NameMatch? {
        guard let first = holders.first else { return nil }
        if let own = holders.first(where: { isVendor(channels[Int($0.channel)], of: $0) }) {
            return match(own, kind, rule, text)
        }
        let ids = Set(holders.map { models[Int($0.model)].id })
        guard ids.count == 1 else { throw .ambiguousModel(name, candidates: ids.sorted()) }
        let isOnly = Set(holders.map(\.channel)).count == 1
        return match(first, kind, rule, text).onChannel(
            isOnly ? channels[Int(first.channel)] : nil)
    }

    private func isVendor(_ channel: String, of holder: Holder) -> Bool {
        models[Int(holder.model)].vendor == channel
    }

    private func match(
        _ holder: Holder, _ kind: NameRule.Kind, _ rule: [UInt8], _ text: String
    ) -> NameMatch {
        match(holder, kind, String(decoding: rule, as: UTF8.self), text)
    }

    private func match(
        _ holder: Holder, _ kind: NameRule.Kind, _ rule: String, _ text: String
    ) -> NameMatch {
        NameMatch(
            model: Int(holder.model), channel: nil,
            rule: NameRule(
                kind: kind, text: rule,
                channel: holder.channel < 0 ? nil : channels[Int(holder.channel)], spelling: text))
    }
}

extension NameMatch {
    func onChannel(_ channel: String?) -> NameMatch {
        NameMatch(model: model, channel: channel, rule: rule)
    }
}
