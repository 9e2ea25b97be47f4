import JSONBytes
import Pricing

/// Writes an import as rate files: JSON with one record a line, so that people read and diff it.
struct ImportedFiles {
    let folder: String
    let source: String
    let date: CivilDate
    private(set) var files: [RateFile] = []

    init(folder: String, source: String, date: CivilDate) {
        self.folder = folder
        self.source = source
        self.date = date
    }

    /// All but the head of a file, which says when it was written: a file that would change in its
    /// head alone stays as it is.
    static func body(_ text: String) -> Substring {
        guard let head = text.firstIndex(of: "\n") else { return text[...] }
        return text[head...]
    }

    /// `gone`: what the channel called models that the source no longer has; their lines stay, and
    /// so do their names.
    mutating func add(
        _ channel: ImportedChannel, ids: [String], lines: [CatalogLine], gone: [ChannelName]
    ) {
        let names = zip(channel.models, ids).filter { model, _ in
            !model.names.isEmpty || !model.patterns.isEmpty
        }.map { model, id in
            record { writer in
                writer.member("model", id)
                if !model.names.isEmpty { writer.list("names", model.names) }
                if !model.patterns.isEmpty { writer.patterns(model.patterns) }
            }
        }
        addChannel(
            channel.id, name: channel.name, aliases: channel.aliases,
            names: names + records(gone), lines: lines)
    }

    /// A channel that the source no longer has: its lines stay, and so do its names.
    mutating func addGone(_ channel: Channel, lines: [CatalogLine], names: [ChannelName]) {
        addChannel(
            channel.id, name: channel.name, aliases: channel.aliases, names: records(names),
            lines: lines)
    }

    /// In the order of the file that they come from: a pattern goes before those behind it.
    private func records(_ names: [ChannelName]) -> [[UInt8]] {
        var order: [String] = []
        for name in names where !order.contains(name.model) { order.append(name.model) }
        let byModel = Dictionary(grouping: names, by: \.model)
        return order.map { model in
            let names = byModel[model] ?? []
            return record { writer in
                writer.member("model", model)
                let exact = names.filter { !$0.isPattern }.map(\.name.text)
                if !exact.isEmpty { writer.list("names", exact) }
                let patterns = names.filter(\.isPattern).map {
                    ImportedPattern(glob: $0.name.text, except: $0.name.except)
                }
                if !patterns.isEmpty { writer.patterns(patterns) }
            }
        }
    }

    /// The models that no file of ours declares, by id; those of earlier imports stay.
    mutating func addModels(
        _ models: [String: ModelIdentity.Named], earlier: [Model]
    ) {
        var all = models
        for model in earlier where all[model.id] == nil {
            all[model.id] = ModelIdentity.Named(name: model.name, vendor: model.vendor)
        }
        let records = all.sorted { $0.key < $1.key }.map { id, model in
            record { writer in
                writer.member("id", id)
                if model.name != id { writer.member("name", model.name) }
                if let vendor = model.vendor { writer.member("vendor", vendor) }
            }
        }
        write("models") { writer in writer.records("models", records) }
    }

    private mutating func addChannel(
        _ id: String, name: String, aliases: [String], names: [[UInt8]], lines: [CatalogLine]
    ) {
        let common = commonPublication(lines)
        let records = lines.map { line($0, common) }
        write(id) { writer in
            writer.member("channel", id)
            writer.member("name", name)
            if !aliases.isEmpty { writer.list("aliases", aliases) }
            writer.member("currency", "USD")
            if !lines.isEmpty {
                writer.member("source", common.source)
                writer.member("checked", common.checked.text)
            }
            writer.member("unlisted", "inherit")
            if !names.isEmpty { writer.records("names", names) }
            writer.records("lines", records)
        }
    }

    /// The head is the first line: source and day.
    private mutating func write(_ name: String, _ fill: (inout RecordWriter) -> Void) {
        var writer = RecordWriter(separator: ",\n")
        writer.object("imported") { head in
            head.member("from", source)
            head.member("read", date.text)
        }
        fill(&writer)
        let text = String(decoding: writer.finished() + Array("\n".utf8), as: UTF8.self)
        files.append(RateFile(name: "\(folder)/\(name).json", text: text))
    }

    private func record(_ fill: (inout RecordWriter) -> Void) -> [UInt8] {
        var writer = RecordWriter(separator: ", ")
        fill(&writer)
        return writer.finished()
    }

    /// What most lines say, so that it is said once; the newest where two are as common.
    private func commonPublication(_ lines: [CatalogLine]) -> Publication {
        let counts = Dictionary(grouping: lines, by: \.publication).mapValues(\.count)
        let most = counts.max { one, other in
            (one.value, one.key.checked, one.key.source)
                < (other.value, other.key.checked, other.key.source)
        }
        return most?.key ?? Publication(source: source, checked: date)
    }

    private func line(_ entry: CatalogLine, _ common: Publication) -> [UInt8] {
        let line = entry.line
        return record { writer in
            writer.member("model", line.model)
            writer.member("valid_from", line.validFrom.dayOrText)
            if let end = entry.validTo { writer.member("valid_to", end.dayOrText) }
            conditions(line.conditions, &writer)
            if line.unlisted != .inherit { writer.member("unlisted", line.unlisted.rawValue) }
            if !line.minimumUnits.isEmpty {
                writer.object("minimum_units") { inner in
                    for meter in Meter.allCases {
                        guard let least = line.minimumUnits[meter] else { continue }
                        inner.number(meter.name, String(least))
                    }
                }
            }
            writer.object("rates") { inner in
                for (meter, rate) in line.rates.pairs { inner.rate(rate, of: meter) }
            }
            if entry.publication.source != common.source {
                writer.member("source", entry.publication.source)
            }
            if entry.publication.checked != common.checked {
                writer.member("checked", entry.publication.checked.text)
            }
            if let note = entry.note { writer.member("note", note) }
            if let reason = entry.confirmed { writer.member("confirmed", reason) }
            if let wrong = entry.corrects { writer.member("corrects", wrong) }
        }
    }

    private func conditions(_ conditions: RateConditions, _ writer: inout RecordWriter) {
        if conditions.serviceTier != RateConditions.standardTier {
            writer.member("service_tier", conditions.serviceTier)
        }
        if let above = conditions.aboveInput { writer.number("above", String(above)) }
        if let above = conditions.aboveOutput { writer.number("above_output", String(above)) }
        if let window = conditions.window {
            writer.object("window") { inner in
                inner.member("zone", window.zone)
                if window.weekdays.count < 7 {
                    let days = Weekday.allCases.filter(window.weekdays.contains).map(\.rawValue)
                    inner.member("weekdays", days.joined(separator: ","))
                }
                inner.list("hours", window.hours.map(\.shortText))
            }
        }
        if !conditions.when.isEmpty {
            writer.object("when") { inner in
                for (key, value) in conditions.when.sorted(by: { $0.key < $1.key }) {
                    inner.member(key, value)
                }
            }
        }
    }
}

/// Writes one JSON object, its members apart by a separator of its own.
private struct RecordWriter {
    private var writer = JSONWriter()
    private let separator: String
    private var isFirst = true

    init(separator: String) {
        self.separator = separator
        writer.raw("{")
    }

    func finished() -> [UInt8] { writer.bytes + [UInt8(ascii: "}")] }

    private mutating func key(_ key: String) {
        if !isFirst { writer.bytes += Array(separator.utf8) }
        isFirst = false
        writer.string(key)
        writer.raw(": ")
    }

    mutating func member(_ key: String, _ text: String) {
        self.key(key)
        writer.string(text)
    }

    mutating func number(_ key: String, _ text: String) {
        self.key(key)
        writer.bytes += Array(text.utf8)
    }

    mutating func list(_ key: String, _ texts: [String]) {
        self.key(key)
        writer.raw("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { writer.raw(", ") }
            writer.string(text)
        }
        writer.raw("]")
    }

    mutating func patterns(_ patterns: [ImportedPattern]) {
        guard patterns.contains(where: { !$0.except.isEmpty }) else {
            return list("patterns", patterns.map(\.glob))
        }
        key("patterns")
        writer.raw("[")
        for (index, pattern) in patterns.enumerated() {
            if index > 0 { writer.raw(", ") }
            if pattern.except.isEmpty {
                writer.string(pattern.glob)
            } else {
                var inner = RecordWriter(separator: ", ")
                inner.member("match", pattern.glob)
                inner.list("except", pattern.except)
                writer.bytes += inner.finished()
            }
        }
        writer.raw("]")
    }

    mutating func object(_ key: String, _ fill: (inout RecordWriter) -> Void) {
        self.key(key)
        var inner = RecordWriter(separator: ", ")
        fill(&inner)
        writer.bytes += inner.finished()
    }

    /// One record a line.
    mutating func records(_ key: String, _ records: [[UInt8]]) {
        self.key(key)
        writer.raw("[")
        for (index, record) in records.enumerated() {
            writer.raw(index > 0 ? ",\n" : "\n")
            writer.bytes += record
        }
        writer.raw("\n]")
    }

    /// `0.25` per million tokens, `"10 per 1k"`, `"free"`.
    mutating func rate(_ rate: Rate, of meter: Meter) {
        let quote = DecimalText.text(rate.quote.attos)
        if rate.isFree {
            member(meter.name, "free")
        } else if meter.isToken, rate.quotedUnits == 1_000_000 {
            number(meter.name, quote)
        } else {
            member(meter.name, "\(quote) per \(Count.exact(rate.quotedUnits))")
        }
    }
}
