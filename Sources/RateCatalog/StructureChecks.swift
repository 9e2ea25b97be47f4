import ConfigFiles
import Pricing

/// What stops a catalog from loading: two answers to one question, or a name that nothing stands
/// behind.
struct StructureChecks {
    let content: RateFileContent
    let catalog: Catalog
    let places: [String: ConfigNode]
    let collector: FaultCollector
    /// When each line stops to hold.
    private let ends: [String: Timestamp]

    init(
        content: RateFileContent, catalog: Catalog, places: [String: ConfigNode],
        collector: FaultCollector
    ) {
        self.content = content
        self.catalog = catalog
        self.places = places
        self.collector = collector
        ends = Catalog.effectiveEnds(catalog.lines)
    }

    func run() {
        checkUniqueIDs()
        checkNames()
        checkChannelNames()
        checkReferences()
        checkCorrections()
        for lines in standingByOffer().values { checkOverlaps(lines) }
    }

    private func checkUniqueIDs() {
        var models: Set<String> = []
        for (model, place) in content.models where !models.insert(model.id).inserted {
            place.fault("model \(quoted(model.id)) is there twice")
        }
        var channels: Set<String> = []
        for (channel, place) in content.channels where !channels.insert(channel.id).inserted {
            place.fault("channel \(quoted(channel.id)) is there twice")
        }
        var lines: Set<String> = []
        for (entry, place) in content.lines where !lines.insert(entry.line.id).inserted {
            place.fault("the same line is there twice")
        }
    }

    /// No alias may stand for two models at one time, nor be a model's id.
    private func checkNames() {
        let ids = Set(content.models.map(\.model.id))
        var holders: [String: [(name: DatedName, model: String)]] = [:]
        for (model, place) in content.models {
            for alias in model.aliases {
                if ids.contains(alias.text), alias.text != model.id {
                    place.fault("alias \(quoted(alias.text)) is a model of its own")
                }
                let earlier = holders[alias.text, default: []]
                if let clash = earlier.first(where: { $0.name.overlaps(alias) }) {
                    place.fault(
                        "duplicate alias \(quoted(alias.text)): it stands for \(quoted(clash.model)) at the same time"
                    )
                }
                holders[alias.text, default: []].append((alias, model.id))
            }
        }
    }

    /// Of one channel, no exact name may stand for two models, and no alias of two channels may be
    /// one.
    private func checkChannelNames() {
        var holders: [Offering: String] = [:]
        for (entry, place) in content.channelNames where !entry.isPattern {
            let key = Offering(channel: entry.channel, model: entry.name.text.lowercased())
            if let model = holders[key], model != entry.model {
                place.fault(
                    "\(quoted(entry.name.text)) stands for \(quoted(model)) on this channel too")
            }
            holders[key] = entry.model
        }
        var owners = Dictionary(
            content.channels.map { ($0.channel.id, $0.channel.id) },
            uniquingKeysWith: { one, _ in one })
        owners[Channel.direct] = Channel.direct
        for (channel, place) in content.channels {
            for alias in channel.aliases {
                if let owner = owners[alias], owner != channel.id {
                    place.fault("alias \(quoted(alias)) is channel \(quoted(owner)) already")
                }
                owners[alias] = channel.id
            }
        }
    }

    private func checkReferences() {
        let models = Set(content.models.map(\.model.id))
        for (entry, place) in content.channelNames where !models.contains(entry.model) {
            place.fault(
                PricingError.unknownModel(
                    entry.model, nearest: NearestNames.find(entry.model, among: models)
                ).description)
        }
        let channels = Set(content.channels.map(\.channel.id))
        for (model, place) in content.models {
            guard let vendor = model.vendor, !channels.contains(vendor) else { continue }
            place.fault("its vendor \(quoted(vendor)) is no channel")
        }
        for (entry, place) in content.lines where !models.contains(entry.line.model) {
            place.fault(
                PricingError.unknownModel(
                    entry.line.model, nearest: NearestNames.find(entry.line.model, among: models)
                ).description)
        }
    }

    /// A correction names a line that stays in the file, of the same channel and model.
    private func checkCorrections() {
        guard content.lines.contains(where: { $0.entry.corrects != nil }) else { return }
        let corrections = Dictionary(
            content.lines.map { ($0.entry.line.id, $0.entry.corrects) },
            uniquingKeysWith: { one, _ in one })
        let lines = Dictionary(
            content.lines.map { ($0.entry.line.id, $0.entry.line) },
            uniquingKeysWith: { one, _ in one })
        for (entry, place) in content.lines {
            guard let corrected = entry.corrects else { continue }
            guard let wrong = lines[corrected] else {
                place.fault(
                    "corrects \(quoted(corrected)), which is no line here; leave the wrong line in the file"
                )
                continue
            }
            if wrong.channel != entry.line.channel || wrong.model != entry.line.model {
                place.fault("corrects a line of another channel or model")
            }
            if correctsItself(entry.line.id, corrections) {
                place.fault("corrects itself, at once or by way of others; nothing would be left")
            }
        }
    }

    private func correctsItself(_ id: String, _ corrections: [String: String?]) -> Bool {
        var next = corrections[id] ?? nil
        for _ in 0..<content.lines.count {
            guard let current = next else { return false }
            if current == id { return true }
            next = corrections[current] ?? nil
        }
        return true
    }

    private func standingByOffer() -> [String: [CatalogLine]] {
        let withdrawn = catalog.withdrawnIDs
        let standing = catalog.lines.filter { !withdrawn.contains($0.line.id) }
        return Dictionary(grouping: standing) {
            "\($0.line.channel)\n\($0.line.model)\n\($0.line.currency.code)\n\($0.line.conditions.serviceTier)"
        }
    }

    private func checkOverlaps(_ lines: [CatalogLine]) {
        for (index, one) in lines.enumerated() {
            for other in lines[(index + 1)...] {
                guard one.line.id != other.line.id, let problem = clash(one, other) else {
                    continue
                }
                let place = places[other.line.id] ?? places[one.line.id]
                place?.fault("\(problem) (\(one.origin))")
            }
        }
    }

    private func clash(_ one: CatalogLine, _ other: CatalogLine) -> String? {
        if one.line.key == other.line.key {
            return
                "a second line with the same conditions and the same valid_from; a correction needs corrects: \(one.line.id)"
        }
        if one.line.conditions == other.line.conditions {
            let (earlier, later) =
                one.line.validFrom < other.line.validFrom ? (one, other) : (other, one)
            guard let end = earlier.validTo, end > later.line.validFrom else { return nil }
            return "overlapping lines: one ends at \(end.text), after the next begins"
        }
        guard areEquallySpecific(one.line.conditions, other.line.conditions),
            couldBothHold(one.line.conditions, other.line.conditions), overlapInTime(one, other)
        else { return nil }
        return "overlapping lines: both apply to the same request, equally specific"
    }

    private func areEquallySpecific(_ one: RateConditions, _ other: RateConditions) -> Bool {
        one.when.count == other.when.count && one.aboveInput == other.aboveInput
            && one.aboveOutput == other.aboveOutput && (one.window == nil) == (other.window == nil)
    }

    private func couldBothHold(_ one: RateConditions, _ other: RateConditions) -> Bool {
        if one.when.contains(where: {
            other.when[$0.key].map { [value = $0.value] in $0 != value } ?? false
        }) {
            return false
        }
        guard let window = one.window, let second = other.window else { return true }
        return window.overlaps(second)
    }

    private func overlapInTime(_ one: CatalogLine, _ other: CatalogLine) -> Bool {
        (ends[one.line.id].map { other.line.validFrom < $0 } ?? true)
            && (ends[other.line.id].map { one.line.validFrom < $0 } ?? true)
    }
}
