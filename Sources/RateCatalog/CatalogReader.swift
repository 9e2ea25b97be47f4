import ConfigFiles
import Pricing

/// Makes a catalog of rate files: a pure function of their texts.
package enum CatalogReader {
    /// The digest that `read` gives the catalog of these files, without reading them.
    package static func digest(of files: [RateFile]) -> String { ContentHash.digest(files) }

    /// Throws `Faults` with every fault found, each with its file, line and field.
    package static func read(_ files: [RateFile]) throws -> Catalog {
        let collector = FaultCollector()
        let (catalog, _) = assemble(files, collector)
        try collector.throwIfAny()
        return catalog
    }

    /// Every fault: those that stop a catalog from loading, and those that a careful editor would
    /// look at twice.
    package static func faults(in files: [RateFile]) -> [Fault] {
        let collector = FaultCollector()
        let (catalog, places) = assemble(files, collector)
        EditorialChecks(catalog: catalog, places: places, collector: collector).run()
        return Faults(collector.faults).list
    }

    private static func assemble(
        _ files: [RateFile], _ collector: FaultCollector
    ) -> (Catalog, [String: ConfigNode]) {
        let content = content(of: files, collector)
        var places: [String: ConfigNode] = [:]
        for (entry, place) in content.lines { places[entry.line.id] = place }
        let derived = ExtendedLines(content: content, collector: collector).lines()
        let entries = content.lines.map(\.entry) + derived
        let dates =
            entries.map(\.publication.checked)
            + content.channels.flatMap { $0.channel.settlements.map(\.source.checked) }
        let catalog = Catalog(
            digest: digest(of: files), date: dates.max(),
            channels: completed(content),
            models: content.models.map(\.model),
            channelNames: content.channelNames.map(\.entry),
            exchangeRates: content.exchangeRates, lines: entries)
        StructureChecks(content: content, catalog: catalog, places: places, collector: collector)
            .run()
        return (catalog, places)
    }

    /// What the files say, our own over imported ones; users' files are read behind the shipped
    /// ones.
    private static func content(
        of files: [RateFile], _ collector: FaultCollector
    ) -> RateFileContent {
        let ordered = files.sorted { ($0.isOwn ? 1 : 0, $0.name) < ($1.isOwn ? 1 : 0, $1.name) }
        let layers = Dictionary(grouping: ordered) { RateFileLayers.source(of: $0) ?? "" }
        let contents = layers.sorted { $0.key < $1.key }.map { _, files in
            var reader = RateFileReader(collector: collector)
            for file in files { reader.read(file) }
            return reader.content
        }
        guard layers[""] != nil, let own = contents.first else {
            return RateFileLayers.merge(RateFileContent(), contents)
        }
        return RateFileLayers.merge(own, Array(contents.dropFirst()))
    }

    /// What a channel that extends another leaves unsaid, its currency and when it prices, is its
    /// base's.
    private static func completed(_ content: RateFileContent) -> [Channel] {
        let own = Dictionary(
            content.channels.map { ($0.channel.id, $0) }, uniquingKeysWith: { one, _ in one })
        /// The first channel up the chain that says `key`; a circle is a fault of its own, and ends
        /// here.
        func holder(of key: String, for id: String) -> Channel? {
            var current = id
            for _ in 0...own.count {
                guard let (channel, place) = own[current] else { return nil }
                if place.openMapping?[key] != nil { return channel }
                guard let step = content.extensions[current] else { return channel }
                current = step.base
            }
            return nil
        }
        return content.channels.map { channel, _ in
            Channel(
                id: channel.id, name: channel.name,
                currency: holder(of: "currency", for: channel.id)?.currency ?? channel.currency,
                pricedAt: holder(of: "priced_at", for: channel.id)?.pricedAt ?? channel.pricedAt,
                settlements: channel.settlements, keyVariable: channel.keyVariable,
                aliases: channel.aliases, endpoints: channel.endpoints)
        }
    }
}
