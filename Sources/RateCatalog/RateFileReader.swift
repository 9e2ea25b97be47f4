import ConfigFiles
import Pricing

/// What some rate files say: models, channels with their lines, exchange rates.
struct RateFileContent {
    struct Extension {
        let base: String
        let multiplier: Int128
        let validFrom: Timestamp
        let publication: Publication
        let place: ConfigNode
    }

    var models: [(model: Model, place: ConfigNode)] = []
    var channels: [(channel: Channel, place: ConfigNode)] = []
    var extensions: [String: Extension] = [:]
    var lines: [(entry: CatalogLine, place: ConfigNode)] = []
    var channelNames: [(entry: ChannelName, place: ConfigNode)] = []
    var exchangeRates: [FXRate] = []
    /// Models of imported files that a channel of our own stands for under other ids.
    var replaced: Set<Offering> = []
}

/// A model on a channel.
struct Offering: Hashable {
    let channel: String
    let model: String
}

/// Reads rate files; README.md in pricing-data is the format's description, schema.json its schema.
struct RateFileReader {
    static let rootKeys = [
        "imported", "vendor", "models", "channel", "name", "aliases", "currency", "priced_at",
        "api_key_env", "api", "base_url", "websocket_url", "settlement", "extends", "multiplier",
        "valid_from", "source", "checked",
        "claim", "unlisted", "names", "replaces", "lines", "rates",
    ]
    static let importedKeys = ["from", "read"]
    static let modelKeys = ["id", "name", "vendor", "aliases", "patterns"]
    static let nameKeys = ["name", "match", "except", "valid_from", "valid_to", "source", "note"]
    static let listingKeys = ["model", "names", "patterns"]
    static let settlementKeys = ["pays", "for", "valid_from", "source", "checked", "claim", "note"]
    static let lineKeys = [
        "model", "currency", "valid_from", "valid_to", "service_tier", "above", "above_output",
        "window", "when", "unlisted", "minimum_units", "rates", "source", "checked", "claim",
        "note",
        "allowance", "confirmed", "corrects",
    ]
    static let windowKeys = ["zone", "weekdays", "hours"]
    static let exchangeRateKeys = ["pair", "rate", "date", "source", "checked", "note"]

    let collector: FaultCollector
    var content = RateFileContent()

    mutating func read(_ file: RateFile) {
        guard let root = ConfigReader.read(file.text, file: file.name, collector: collector),
            let mapping = root.mapping(Self.rootKeys)
        else { return }
        if let models = mapping["models"] { readModels(models, vendor: mapping["vendor"]) }
        if mapping["channel"] != nil {
            readChannel(mapping)
        } else {
            for key in ["lines", "extends", "settlement", "names", "aliases", "replaces"]
            where mapping[key] != nil {
                mapping[key]?.fault("needs a channel; add channel: NAME to the file")
            }
        }
        if let rates = mapping["rates"] { readExchangeRates(rates) }
        if mapping["extends"] == nil {
            for key in ["multiplier", "valid_from", "claim"] {
                mapping[key]?.fault("goes with extends; without it each line says its own")
            }
        }
        if mapping["models"] == nil, mapping["channel"] == nil, mapping["rates"] == nil {
            root.fault("holds neither models, nor a channel, nor exchange rates")
        }
    }

    private mutating func readModels(_ node: ConfigNode, vendor: ConfigNode?) {
        for item in node.items {
            guard let mapping = item.mapping(Self.modelKeys),
                let id = mapping.required("id").flatMap(identifier)
            else { continue }
            let own = mapping["vendor"]?.string ?? vendor?.string
            guard id == id.lowercased() else {
                mapping["id"]?.fault("a model id is written in small letters")
                continue
            }
            let model = Model(
                id: id, name: mapping["name"]?.string ?? id, vendor: own,
                aliases: names(mapping["aliases"], key: "name"),
                patterns: names(mapping["patterns"], key: "match"))
            content.models.append((model, item))
        }
    }

    private func names(_ node: ConfigNode?, key: String) -> [DatedName] {
        (node?.items ?? []).compactMap { item in
            guard let mapping = item.mapping(Self.nameKeys),
                let text = mapping.required(key)?.string,
                let validFrom = mapping.required("valid_from")?.timestamp
            else { return nil }
            let validTo = mapping["valid_to"]?.timestamp
            if let validTo, validTo <= validFrom { item.fault("ends before it begins") }
            let except = (mapping["except"]?.items ?? []).compactMap(\.string)
            if key == "name", mapping["except"] != nil {
                mapping["except"]?.fault("goes with match; an alias is one name")
            }
            return DatedName(text: text, validFrom: validFrom, validTo: validTo, except: except)
        }
    }

    private mutating func readChannel(_ mapping: ConfigMapping) {
        guard let id = mapping.required("channel").flatMap(identifier) else { return }
        if id == Channel.direct {
            mapping["channel"]?.fault("\"direct\" stands for each model's own vendor")
        }
        let currency = currency(mapping["currency"])
        let pricedAt = mapping["priced_at"].flatMap { node in
            choice(node, Channel.PricedAt.init(rawValue:), ["start", "completion"])
        }
        if mapping["currency"] == nil, mapping["extends"] == nil {
            mapping.node.fault("missing \"currency\"")
        }
        let channel = Channel(
            id: id, name: mapping["name"]?.string ?? id, currency: currency ?? .usd,
            pricedAt: pricedAt ?? .start, settlements: settlements(mapping["settlement"]),
            keyVariable: mapping["api_key_env"]?.string,
            aliases: (mapping["aliases"]?.items ?? []).compactMap(identifier),
            endpoints: endpoints(mapping))
        content.channels.append((channel, mapping.node))
        for item in mapping["names"]?.items ?? [] { readListing(item, channel: id) }
        for item in mapping["replaces"]?.items ?? [] {
            guard let model = identifier(item) else { continue }
            content.replaced.insert(Offering(channel: id, model: model))
        }
        if mapping["extends"] != nil { readExtension(mapping, channel: id) }
        let defaults = LineDefaults(
            channel: id, currency: currency ?? .usd,
            source: mapping["extends"] == nil ? mapping["source"]?.string : nil,
            checked: mapping["extends"] == nil ? mapping["checked"]?.date : nil,
            unlisted: mapping["unlisted"].flatMap(unlisted) ?? .refused)
        for item in mapping["lines"]?.items ?? [] {
            guard let entry = line(item, defaults) else { continue }
            content.lines.append((entry, item))
        }
        if mapping["lines"] == nil, mapping["extends"] == nil, mapping["names"] == nil {
            mapping.node.fault("a channel has lines or names of its own, or extends another")
        }
    }

    /// What a line takes from its file where it says nothing itself.
    private struct LineDefaults {
        let channel: String
        let currency: Currency
        let source: String?
        let checked: CivilDate?
        let unlisted: RateLine.Unlisted
    }

    /// What the channel calls a model: names, and globs as plain text or with what they except.
    private mutating func readListing(_ item: ConfigNode, channel: String) {
        guard let mapping = item.mapping(Self.listingKeys),
            let model = mapping.required("model").flatMap(identifier)
        else { return }
        let isOwn = !item.file.hasPrefix(RateFileLayers.folder)
        for node in mapping["names"]?.items ?? [] {
            guard let text = node.string else { continue }
            let name = ChannelName(
                channel: channel, model: model, isPattern: false, name: DatedName(text: text),
                isOwn: isOwn)
            content.channelNames.append((name, node))
        }
        for node in mapping["patterns"]?.items ?? [] {
            guard let pattern = pattern(node) else { continue }
            let name = ChannelName(
                channel: channel, model: model, isPattern: true, name: pattern, isOwn: isOwn)
            content.channelNames.append((name, node))
        }
    }

    private func pattern(_ node: ConfigNode) -> DatedName? {
        guard !node.isText else { return node.string.map { DatedName(text: $0) } }
        guard let mapping = node.mapping(["match", "except"]),
            let match = mapping.required("match")?.string
        else { return nil }
        return DatedName(
            text: match, except: (mapping["except"]?.items ?? []).compactMap(\.string))
    }

    private func unlisted(_ node: ConfigNode) -> RateLine.Unlisted? {
        choice(node, RateLine.Unlisted.init(rawValue:), ["refused", "inherit"])
    }

    private mutating func readExtension(_ mapping: ConfigMapping, channel: String) {
        guard let base = mapping["extends"]?.string,
            let multiplierNode = mapping.required("multiplier"),
            let multiplier = multiplierNode.decimal,
            let validFrom = mapping.required("valid_from")?.timestamp,
            let publication = publication(mapping)
        else { return }
        guard multiplier > 0, multiplier <= 1000 * DecimalText.one else {
            multiplierNode.fault("a multiplier is above 0 and at most 1000")
            return
        }
        content.extensions[channel] = RateFileContent.Extension(
            base: base, multiplier: multiplier, validFrom: validFrom, publication: publication,
            place: mapping.node)
    }

    private func settlements(_ node: ConfigNode?) -> [Settlement] {
        (node?.items ?? []).compactMap { item in
            guard let mapping = item.mapping(Self.settlementKeys),
                let pays = money(mapping.required("pays")),
                let bill = money(mapping.required("for")),
                let validFrom = mapping.required("valid_from")?.timestamp,
                let publication = publication(mapping)
            else { return nil }
            return item.value { () throws(PricingError) in
                try Settlement(pays: pays, for: bill, validFrom: validFrom, source: publication)
            }
        }
    }

    private func line(_ item: ConfigNode, _ defaults: LineDefaults) -> CatalogLine? {
        guard let mapping = item.mapping(Self.lineKeys) else { return nil }
        let model = mapping.required("model").flatMap(identifier)
        let validFrom = mapping.required("valid_from")?.timestamp
        let publication = publication(mapping, defaults.source, defaults.checked)
        let currency = mapping["currency"].map { self.currency($0) } ?? defaults.currency
        guard let ratesNode = mapping.required("rates"),
            let rates = rates(ratesNode, currency: currency ?? defaults.currency),
            let model, let validFrom, let publication, let currency
        else { return nil }
        let validTo = mapping["valid_to"]?.timestamp
        if let validTo, validTo <= validFrom { mapping["valid_to"]?.fault("ends before it begins") }
        let line = RateLine(
            channel: defaults.channel, model: model, currency: currency,
            conditions: conditions(mapping), validFrom: validFrom,
            unlisted: mapping["unlisted"].flatMap(unlisted) ?? defaults.unlisted,
            minimumUnits: minimumUnits(mapping["minimum_units"]), rates: rates)
        return CatalogLine(
            line: line, validTo: validTo, publication: publication,
            corrects: mapping["corrects"]?.string, note: mapping["note"]?.string,
            allowance: mapping["allowance"]?.string, confirmed: mapping["confirmed"]?.string,
            origin: "\(item.file):\(item.line)")
    }

    private func conditions(_ mapping: ConfigMapping) -> RateConditions {
        var when: [String: String] = [:]
        for (key, value) in mapping["when"]?.openMapping?.pairs ?? [] {
            when[key] = identifier(value)
        }
        return RateConditions(
            serviceTier: mapping["service_tier"].flatMap(identifier) ?? RateConditions.standardTier,
            aboveInput: mapping["above"]?.count, aboveOutput: mapping["above_output"]?.count,
            window: mapping["window"].flatMap(window), when: when)
    }

    private func window(_ node: ConfigNode) -> TimeWindow? {
        guard let mapping = node.mapping(Self.windowKeys),
            let zone = mapping.required("zone")?.string, let hours = mapping.required("hours")
        else { return nil }
        let spans: [TimeWindow.Hours] = hours.items.compactMap { item in
            guard let text = item.string else { return nil }
            let ends = text.split(separator: "-").map { TimeOfDay.parse($0.utf8) }
            guard ends.count == 2, let start = ends[0], let end = ends[1], start != end,
                start.secondOfDay < 86_400
            else {
                item.fault("\(quoted(text)) is not a span of hours such as 16:30-00:30")
                return nil
            }
            return TimeWindow.Hours(start: start, end: end)
        }
        if hours.items.isEmpty { hours.fault("a window without hours") }
        let weekdays = mapping["weekdays"].map(weekdays) ?? Set(Weekday.allCases)
        return TimeWindow(zone: zone, weekdays: weekdays, hours: spans)
    }

    /// `mon-fri`, `sat,sun`, `mon`.
    private func weekdays(_ node: ConfigNode) -> Set<Weekday> {
        guard let text = node.string else { return [] }
        var days: Set<Weekday> = []
        for part in text.split(separator: ",") {
            let ends = part.filter { $0 != " " }.split(separator: "-").map {
                Weekday(rawValue: String($0))
            }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
                let from = Weekday.allCases.firstIndex(of: first),
                let to = Weekday.allCases.firstIndex(of: last), from <= to
            else {
                node.fault("\(quoted(text)) is not a list of weekdays such as mon-fri or sat,sun")
                return []
            }
            days.formUnion(Weekday.allCases[from...to])
        }
        return days
    }

    private func rates(_ node: ConfigNode, currency: Currency) -> Rates? {
        guard let mapping = node.openMapping else { return nil }
        var rates = Rates()
        var isWhole = true
        for (key, value) in mapping.pairs {
            guard let meter = meter(key, at: value),
                let rate = rate(value, of: meter, currency: currency)
            else {
                isWhole = false
                continue
            }
            rates[meter] = rate
        }
        if mapping.pairs.isEmpty { node.fault("a line without a rate") }
        // Half a line would be compared with others, and faults would follow that nobody made.
        return isWhole && !rates.meters.isEmpty ? rates : nil
    }

    private func meter(_ name: String, at node: ConfigNode) -> Meter? {
        guard let meter = Meter(name: name) else {
            let nearest = NearestNames.find(name, among: Meter.allCases.map(\.name))
            node.fault(PricingError.unknownMeter(name, nearest: nearest).description)
            return nil
        }
        guard meter != .unreportedInput else {
            node.fault("\(name) stands for what nobody counted, and has no price")
            return nil
        }
        return meter
    }

    /// `8.00` per million tokens, `10.00 per 1k` of anything, or `free`.
    private func rate(_ node: ConfigNode, of meter: Meter, currency: Currency) -> Rate? {
        guard let text = node.string else { return nil }
        let words = text.split(separator: " ").map(String.init)
        if words == ["free"] {
            return node.value { () throws(PricingError) in
                try Rate(quote: .zero(currency), per: 1_000_000)
            }
        }
        guard let quote = DecimalText.parse(words.first ?? "") else {
            node.fault("\(quoted(text)) is not a plain decimal such as 0.14, nor free")
            return nil
        }
        let isPer = words.count == 3 && words[1] == "per"
        guard isPer || words.count == 1, let units = isPer ? Count.parse(words[2]) : 1_000_000
        else {
            node.fault("\(quoted(text)) is not a rate such as 8.00 or 10.00 per 1k")
            return nil
        }
        guard isPer || meter.isToken else {
            node.fault(
                "\(meter.name) is not counted in tokens; say per how many, such as \(text) per 1k")
            return nil
        }
        return node.value { () throws(PricingError) in
            try Rate(quote: Money(currency: currency, attos: quote), per: units)
        }
    }

    private func minimumUnits(_ node: ConfigNode?) -> [Meter: Int64] {
        var minimums: [Meter: Int64] = [:]
        for (key, value) in node?.openMapping?.pairs ?? [] {
            guard let meter = meter(key, at: value), let count = value.count else { continue }
            minimums[meter] = count
        }
        return minimums
    }

    private mutating func readExchangeRates(_ node: ConfigNode) {
        for item in node.items {
            guard let mapping = item.mapping(Self.exchangeRateKeys),
                let pair = mapping.required("pair")?.string,
                let rate = mapping.required("rate")?.decimal,
                let date = mapping.required("date")?.date,
                let publication = publication(mapping)
            else { continue }
            let codes = pair.split(separator: "/").map(String.init)
            let fx = item.value { () throws(PricingError) in
                guard codes.count == 2 else {
                    throw .malformed(
                        what: "pair", text: pair, wanted: "two currencies such as USD/CNY")
                }
                return try FXRate(
                    base: Currency(codes[0]), quote: Currency(codes[1]), attos: rate, date: date,
                    source: publication.source)
            }
            if let fx { content.exchangeRates.append(fx) }
        }
    }

    /// A name that programs compare: without spaces and control characters.
    private func identifier(_ node: ConfigNode) -> String? {
        guard let text = node.string else { return nil }
        guard text.unicodeScalars.allSatisfy({ $0.value != 0x20 && $0.isPrintable }) else {
            node.fault("\(quoted(text)) is no name: it holds a space or a control character")
            return nil
        }
        return text
    }

    private func publication(
        _ mapping: ConfigMapping, _ source: String? = nil, _ checked: CivilDate? = nil
    ) -> Publication? {
        let source = mapping["source"]?.string ?? source ?? mapping.required("source")?.string
        let checked = mapping["checked"]?.date ?? checked ?? mapping.required("checked")?.date
        guard let source, let checked else { return nil }
        let claim = mapping["claim"].flatMap { node in
            choice(node, { $0 == "seller" ? $0 : nil }, ["seller"])
        }
        return Publication(source: source, checked: checked, claim: claim)
    }

    private func currency(_ node: ConfigNode?) -> Currency? {
        guard let node, let text = node.string else { return nil }
        return node.value { () throws(PricingError) in try Currency(text) }
    }

    private func money(_ node: ConfigNode?) -> Money? {
        guard let node, let text = node.string else { return nil }
        return node.value { () throws(PricingError) in try Money(parsing: text) }
    }

    func choice<T>(_ node: ConfigNode, _ make: (String) -> T?, _ all: [String]) -> T? {
        guard let text = node.string else { return nil }
        guard let value = make(text) else {
            node.fault("\(quoted(text)) is not one of \(all.joined(separator: ", "))")
            return nil
        }
        return value
    }
}

extension Unicode.Scalar {
    /// Neither a control character nor one that is not seen, such as a mark of direction.
    var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
