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
        /// The channel makes the model: it knows its names best.
        let isVendor: Bool
        let from: Int64
        let end: Int64

        init(model: Int, channel: Int = -1, isVendor: Bool = false, name: DatedName? = nil) {
            self.model = Int32(model)
            self.channel = Int32(channel)
            self.isVendor = isVendor
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
    /// What our own files say of channels' names, then what vendors call what they make.
    private let trustedPatterns: [Pattern]
    /// Which models a channel sells.
    private let sold: Set<Sale>
    /// The moments at which some name begins or ends to hold, in order.
    private let changes: [Int64]

    private struct Sale: Hashable {
        let model: Int32
        let channel: Int32
    }

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
        var own: [Pattern] = []
        var vendors: [Pattern] = []
        for entry in catalog.channelNames {
            guard let model = ids[entry.model], let channel = places[entry.channel] else {
                continue
            }
            let holder = Holder(
                model: model, channel: channel, isVendor: models[model].vendor == entry.channel,
                name: entry.name)
            guard entry.isPattern else {
                byName[entry.name.text.lowercased(), default: []].append(holder)
                continue
            }
            let pattern = Pattern(entry.name, holder)
            ofChannels[channel].append(pattern)
            if entry.isOwn {
                own.append(pattern)
            } else if holder.isVendor {
                vendors.append(pattern)
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
        trustedPatterns = own + vendors
        var sold: Set<Sale> = []
        for entry in catalog.lines {
            guard let model = ids[entry.line.model], let channel = places[entry.line.channel] else {
                continue
            }
            sold.insert(Sale(model: Int32(model), channel: Int32(channel)))
        }
        self.sold = sold
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

    /// The span of an era, in milliseconds.
    func span(of time: Timestamp) -> Range<Int64> {
        let era = era(of: time)
        return (era > 0 ? changes[era - 1] : .min)..<(era < changes.count ? changes[era] : .max)
    }

    // MARK: The long road

    /// What `name` stood for at `time` on a channel, or wherever it is sold where that is `nil`.
    ///
    /// Of each spelling: the channel's own names, ids and aliases of what it sells, its patterns, ids
    /// and aliases of others, patterns of the models, and what vendors call what they make. Where none of these says anything, and
    /// no channel is known: what any channel calls a model.
    func resolve(
        _ name: String, on channel: String?, at time: Timestamp
    ) throws(PricingError) -> NameMatch {
        let place = channel.flatMap { channelPlaces[$0] ?? channelPlaces[$0.lowercased()] }
        let spellings = NameSpellings(name).all
        var unsold: NameMatch?
        for spelling in spellings {
            // `groq/x` is x at Groq; `openai/x` at OpenRouter is x, at OpenRouter.
            let told = spelling.head.map { channelPlaces[$0] } ?? nil
            if spelling.head != nil, told == nil { continue }
            let text = Text(spelling.text, name)
            guard let match = try known(text, in: told ?? place, at: time) else { continue }
            guard let told, place == nil else {
                return place == nil ? match : match.onChannel(nil)
            }
            let here = match.onChannel(channels[told])
            if isSold(match.model, on: told) { return here }
            unsold = unsold ?? here
        }
        for spelling in spellings where place == nil && spelling.head == nil {
            let text = Text(spelling.text, name)
            if let match = try anyChannelsName(text, at: time) { return match }
            if let match = try anyChannelsPattern(text, at: time) { return match }
        }
        if let unsold { return unsold }
        let ends = spellings.compactMap { entries[$0.text] }.flatMap { entry in
            holders[Int(entry.first)..<Int(entry.last)].map(\.end)
        }
        throw .unknownModel(
            name, nearest: NearestNames.find(name, among: models.map(\.id)),
            ended: ends.filter { $0 <= time.milliseconds }.max().map(Timestamp.init(milliseconds:)))
    }

    /// One spelling of a name, made ready for patterns.
    private struct Text {
        let spelling: String
        let bytes: [UInt8]
        let bits: UInt64
        /// As it was asked for.
        let name: String

        init(_ spelling: String, _ name: String) {
            self.spelling = spelling
            self.name = name
            bytes = Array(spelling.utf8)
            bits = Glob.fingerprint(ofText: bytes)
        }
    }

    private func holders(of text: Text, at time: Timestamp) -> [Holder] {
        guard let entry = entries[text.spelling] else { return [] }
        return holders[Int(entry.first)..<Int(entry.last)].filter { $0.holds(at: time) }
    }

    private func known(
        _ text: Text, in scope: Int?, at time: Timestamp
    ) throws(PricingError) -> NameMatch? {
        let all = holders(of: text, at: time)
        if let scope, let own = all.first(where: { $0.channel == Int32(scope) }) {
            return match(own, .channelName, text.bytes, text)
        }
        let models = own(text, all)
        // Elsewhere an id may be a name that the channel's own pattern covers.
        if let models, scope.map({ isSold(models.model, on: $0) }) ?? true { return models }
        if let scope, let own = first(of: channelPatterns[scope], text, at: time) {
            return match(own.holder, .channelPattern, own.glob, text)
        }
        if let models { return models }
        if let own = try modelsPattern(text, at: time) {
            return match(own.holder, .pattern, own.glob, text)
        }
        if let vendors = all.first(where: \.isVendor) {
            return match(vendors, .channelName, text.bytes, text)
        }
        guard let trusted = first(of: trustedPatterns, text, at: time) else { return nil }
        let found = match(trusted.holder, .channelPattern, trusted.glob, text)
        return trusted.holder.isVendor
            ? found : found.onChannel(channels[Int(trusted.holder.channel)])
    }

    /// An id or an alias: a name of the model itself.
    private func own(_ text: Text, _ holders: [Holder]) -> NameMatch? {
        if let id = entries[text.spelling]?.id, id >= 0 {
            return match(Holder(model: Int(id)), .id, text.bytes, text)
        }
        return holders.first { $0.channel < 0 }.map { match($0, .alias, text.bytes, text) }
    }

    private func isSold(_ model: Int, on channel: Int) -> Bool {
        sold.contains(Sale(model: Int32(model), channel: Int32(channel)))
    }

    private func first(of patterns: [Pattern], _ text: Text, at time: Timestamp) -> Pattern? {
        patterns.first { $0.matches(text.bytes, text.bits, at: time) }
    }

    /// Patterns of the models themselves have no order: two models that match are a conflict.
    private func modelsPattern(
        _ text: Text, at time: Timestamp
    ) throws(PricingError) -> Pattern? {
        let found = patterns.filter { $0.matches(text.bytes, text.bits, at: time) }
        guard Set(found.map(\.holder.model)).count < 2 else {
            let ids = Set(found.map { models[Int($0.holder.model)].id })
            throw .ambiguousModel(text.name, candidates: ids.sorted())
        }
        return found.first
    }

    private func anyChannelsName(
        _ text: Text, at time: Timestamp
    ) throws(PricingError) -> NameMatch? {
        try told(by: holders(of: text, at: time), .channelName, text.bytes, text)
    }

    /// The channel that says most about such names knows them best.
    private func anyChannelsPattern(
        _ text: Text, at time: Timestamp
    ) throws(PricingError) -> NameMatch? {
        let candidates = channelPatterns.compactMap { first(of: $0, text, at: time) }
        guard let most = candidates.map(\.letters).max() else { return nil }
        let best = candidates.filter { $0.letters == most }
        return try told(by: best.map(\.holder), .channelPattern, best[0].glob, text)
    }

    /// What several channels call by one name: one model, and its channel where only one says so.
    private func told(
        by holders: [Holder], _ kind: NameRule.Kind, _ rule: [UInt8], _ text: Text
    ) throws(PricingError) -> NameMatch? {
        guard let first = holders.first else { return nil }
        let ids = Set(holders.map { models[Int($0.model)].id })
        guard ids.count == 1 else {
            throw .ambiguousModel(text.name, candidates: ids.sorted())
        }
        let isOnly = Set(holders.map(\.channel)).count == 1
        return match(first, kind, rule, text).onChannel(
            isOnly ? channels[Int(first.channel)] : nil)
    }

    private func match(
        _ holder: Holder, _ kind: NameRule.Kind, _ rule: [UInt8], _ text: Text
    ) -> NameMatch {
        NameMatch(
            model: Int(holder.model), channel: nil,
            rule: NameRule(
                kind: kind, text: String(decoding: rule, as: UTF8.self),
                channel: holder.channel < 0 ? nil : channels[Int(holder.channel)],
                spelling: text.spelling))
    }
}

extension NameMatch {
    func onChannel(_ channel: String?) -> NameMatch {
        NameMatch(model: model, channel: channel, rule: rule)
    }
}
