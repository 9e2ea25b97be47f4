import ConfigFiles
import Pricing

/// What an import does to the files of its source: lines added, prices that changed as new dated
/// lines, lines that ended; and what it holds back for a person to look at.
///
/// History does not move: a line that is in a file stays there, and only its end is added.
package struct ImportPlan: Sendable {
    package enum Word: String, Sendable {
        case added
        case changed
        case ended
        /// Not written: it looks like a slip.
        case heldBack = "held back"
    }

    package struct Change: Sendable {
        package let word: Word
        package let before: CatalogLine?
        package let after: CatalogLine?
        /// Why it is held back.
        package let reason: String?

        package var line: RateLine? { (after ?? before)?.line }
    }

    package struct Options: Sendable {
        /// The day of the import: what changed without a date changed on it.
        package var date: CivilDate
        /// Since when a price holds that the source does not date: it began to keep history in 2025.
        package var undatedFrom = CivilDate(daysSinceEpoch: 20_089)  // 2025-01-01
        /// `channel/model` whose figures are right although they look odd; `*` for all.
        package var accepted: [String] = []

        package init(date: CivilDate) { self.date = date }
    }

    package let source: String
    package let folder: String
    package let tally: ImportTally
    package private(set) var changes: [Change] = []
    /// Lines that stay as they are.
    package private(set) var unchanged = 0
    /// Figures of the past that the source tells otherwise now: kept as they were.
    package private(set) var pastDiffers = 0
    package private(set) var models = 0
    /// The files that differ from what is there, by their names in the folder of rate files.
    package private(set) var files: [RateFile] = []

    /// Plans the import of `catalog` beside `existing`, all rate files of a folder.
    ///
    /// Throws `ImportError.wouldNotLoad` where the outcome is no catalog.
    package init(
        _ catalog: ImportedCatalog, from name: String, beside existing: [RateFile],
        _ options: Options
    ) throws {
        source = catalog.source
        tally = catalog.tally
        folder = "imported/\(name)"
        try Self.checkNames(catalog, name)
        let earlier = EarlierImport(existing.filter { $0.name.hasPrefix("imported/\(name)/") })
        if let last = earlier.lastRead, last > options.date {
            throw ImportError.before(last)
        }
        let own = Self.ownModels(existing)
        let identity = ModelIdentity(catalog, own: own, earlier: earlier.ids)
        try Self.checkAccepted(options.accepted, zip(catalog.channels, identity.ids), earlier)
        var comparison = ImportComparison(options: options, source: catalog.source)
        var writer = ImportedFiles(folder: folder, source: catalog.source, date: options.date)
        comparison.sellers = Self.sellers(catalog, identity)
        for (channel, ids) in zip(catalog.channels, identity.ids) {
            let fresh = Dictionary(
                grouping: zip(channel.models, ids).flatMap { model, id in
                    comparison.lines(of: model, id: id, channel: channel.id)
                }, by: { $0.line.model })
            let order = Self.unique(ids + earlier.models(of: channel.id))
            let lines = order.flatMap { id in
                comparison.merge(
                    fresh[id] ?? [], into: earlier.lines[Offering(channel: channel.id, model: id)])
            }
            let names = Set(channel.models.flatMap(\.names))
            let gone = (earlier.names[channel.id] ?? []).filter {
                !ids.contains($0.model) && ($0.isPattern || !names.contains($0.name.text))
            }
            writer.add(channel, ids: ids, lines: lines, gone: gone)
        }
        for (channel, gone) in earlier.channels
        where !catalog.channels.contains(where: { $0.id == channel }) {
            let lines = gone.flatMap { comparison.merge([], into: earlier.lines[$0]) }
            writer.addGone(
                earlier.described[channel] ?? Channel(id: channel, name: channel, currency: .usd),
                lines: lines,
                names: earlier.names[channel] ?? [])
        }
        writer.addModels(identity.models, earlier: earlier.declared)
        changes = comparison.changes
        unchanged = comparison.unchanged
        pastDiffers = comparison.pastDiffers
        models = catalog.channels.reduce(0) { $0 + $1.models.count }
        try checkEnds(options)
        files = writer.files.filter { file in
            existing.first { $0.name == file.name }.map {
                ImportedFiles.body($0.text) != ImportedFiles.body(file.text)
            } ?? true
        }
        try Self.checkLoads(existing, files)
    }

    package func count(_ word: Word) -> Int { changes.count { $0.word == word } }

    private static func unique(_ ids: [String]) -> [String] {
        var seen: Set<String> = []
        return ids.filter { seen.insert($0).inserted }
    }

    /// What our own files declare; their faults are told when the outcome is read.
    private static func ownModels(_ files: [RateFile]) -> [Model] {
        var reader = RateFileReader(collector: FaultCollector())
        for file in files where RateFileLayers.source(of: file) == nil { reader.read(file) }
        return reader.content.models.map(\.model)
    }

    /// The price of one unit at every channel that sells a model, by model and meter.
    private static func sellers(
        _ catalog: ImportedCatalog, _ identity: ModelIdentity
    ) -> [ImportComparison.Seller: [Int128]] {
        var prices: [ImportComparison.Seller: [Int128]] = [:]
        for (channel, ids) in zip(catalog.channels, identity.ids) {
            for (model, id) in zip(channel.models, ids) {
                let base = model.lines.last { $0.conditions == RateConditions() }
                for (meter, rate) in base?.rates.pairs ?? [] where !rate.isFree {
                    prices[ImportComparison.Seller(model: id, meter: meter), default: []].append(
                        rate.attosOfOneUnit)
                }
            }
        }
        return prices
    }

    /// A catalog that lost most of its models is a broken one, or another.
    private func checkEnds(_ options: Options) throws {
        let ended = count(.ended)
        guard ended >= 20, ended > unchanged + count(.changed), !options.accepted.contains("*")
        else { return }
        throw ImportError.wouldEndMost(ended, of: ended + unchanged + count(.changed))
    }

    /// An id names a file, and every name is printed.
    private static func checkNames(_ catalog: ImportedCatalog, _ name: String) throws {
        func refuse(_ text: String, _ problem: String) -> ImportError {
            .notSuchACatalog(source: name, problem: "\(quoted(String(text.prefix(80)))) \(problem)")
        }
        for channel in catalog.channels {
            let bytes = channel.id.utf8
            let isPlain = bytes.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "-_.".utf8.contains($0)
            }
            guard isPlain, (1...64).contains(bytes.count), bytes.first != UInt8(ascii: "."),
                channel.id != "models"
            else { throw refuse(channel.id, "is no id of a channel") }
            for text in channel.models.flatMap({ [$0.id] + $0.names + $0.patterns.map(\.glob) }) {
                guard text.utf8.count <= 200 else {
                    throw refuse(text, "… is longer than a name of a model can be, 200 bytes")
                }
                guard text.unicodeScalars.allSatisfy(\.isPrintable) else {
                    throw refuse(text, "holds a character that cannot be seen")
                }
            }
        }
    }

    private static func checkAccepted(
        _ accepted: [String], _ channels: some Sequence<(ImportedChannel, [String])>,
        _ earlier: EarlierImport
    ) throws {
        guard accepted.contains(where: { $0 != "*" }) else { return }
        var known = Set(earlier.lines.keys.map { "\($0.channel)/\($0.model)" })
        for (channel, ids) in channels { known.formUnion(ids.map { "\(channel.id)/\($0)" }) }
        for name in accepted where name != "*" && !known.contains(name) {
            throw ImportError.acceptsNothing(name, nearest: NearestNames.find(name, among: known))
        }
    }

    private static func checkLoads(_ existing: [RateFile], _ changed: [RateFile]) throws {
        let names = Set(changed.map(\.name))
        do {
            _ = try CatalogReader.read(existing.filter { !names.contains($0.name) } + changed)
        } catch let faults as Faults {
            let first = faults.list.prefix(5).map(\.description).joined(separator: "\n")
            throw ImportError.wouldNotLoad(
                faults.list.count > 5 ? "\(first)\nand \(faults.list.count - 5) more" : first)
        }
    }
}

/// What the files of the same source hold from before.
struct EarlierImport {
    private(set) var lines: [Offering: [CatalogLine]] = [:]
    /// What each channel calls each model.
    private(set) var names: [String: [ChannelName]] = [:]
    private(set) var declared: [Model] = []
    /// The canonical id by channel and name.
    private(set) var ids: [Offering: String] = [:]
    private(set) var described: [String: Channel] = [:]
    /// The day of the last import that wrote a line.
    private(set) var lastRead: CivilDate?
    /// The models of each channel, in the order of its file.
    private(set) var channels: [(channel: String, offerings: [Offering])] = []

    init(_ files: [RateFile]) {
        var reader = RateFileReader(collector: FaultCollector())
        for file in files { reader.read(file) }
        let content = reader.content
        declared = content.models.map(\.model)
        for (channel, _) in content.channels { described[channel.id] = channel }
        lastRead = content.lines.map(\.entry.publication.checked).max()
        for entry in content.lines.map(\.entry) {
            let offering = Offering(channel: entry.line.channel, model: entry.line.model)
            if lines[offering] == nil {
                if let index = channels.firstIndex(where: { $0.channel == offering.channel }) {
                    channels[index].offerings.append(offering)
                } else {
                    channels.append((offering.channel, [offering]))
                }
            }
            lines[offering, default: []].append(entry)
        }
        for name in content.channelNames.map(\.entry) {
            names[name.channel, default: []].append(name)
            let offering = Offering(channel: name.channel, model: name.name.text)
            if ids[offering] == nil { ids[offering] = name.model }
        }
    }

    func models(of channel: String) -> [String] {
        channels.first { $0.channel == channel }?.offerings.map(\.model) ?? []
    }
}
