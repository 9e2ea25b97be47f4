import JSONBytes
import Pricing

/// One model of a provider: its names, and its conditions and variants laid out over time.
struct GenAIPricesModel {
    let id: String
    let provider: String
    let value: JSONValue
    let note: String?

    private var place: String { "\(provider)/\(id)" }

    init(id: String, provider: String, value: JSONValue, note: String?) {
        self.id = id
        self.provider = provider
        self.value = value
        self.note = note
    }

    mutating func read(_ tally: inout ImportTally) -> ImportedModel {
        let canonical = GenAIPricesNames.canonical(id, of: provider)
        var model = ImportedModel(
            id: id, canonical: canonical, name: value["name"]?.textValue)
        model.isResold = isResold
        tally.carry("models")
        for (key, shape) in Self.leftOut where value[key] != nil { tally.leave(shape, at: place) }
        tally.leaveUnknown(
            of: value, "a model", known: Self.known + Self.leftOut.map(\.key), at: place)
        GenAIPricesNames.read(value["match"], into: &model, place, &tally)
        let statesFree = statesFree
        guard let conditions = conditions(&tally), let variants = variants(&tally) else {
            tally.cannotRead(place)
            return model
        }
        let timeline = GenAIPricesTimeline(
            conditions: conditions, variants: variants, isFreeWhenEmpty: statesFree, place: place)
        model.lines = timeline.lines(&tally)
        let minimums = Self.minimumUnits["\(provider)/\(id)"] ?? [:]
        for index in model.lines.indices {
            model.lines[index].note = note
            model.lines[index].minimumUnits = minimums
        }
        if !minimums.isEmpty { tally.carry("minimum units (in the source's code)") }
        return model
    }

    /// Clouds that make some of what they sell.
    private var isResold: Bool {
        switch provider {
        case "aws": !id.contains("amazon.")
        case "google": id.lowercased().contains("claude")
        default: false
        }
    }

    /// An empty price set is free only where the source says so in words; else it is unknown.
    private var statesFree: Bool {
        if id.lowercased().hasSuffix(":free") { return true }
        let words = [value["name"], value["price_comments"]].compactMap { $0?.textValue }
            .joined(separator: " ").lowercased()
        return !words.contains("not free")
            && ["(free)", "free of charge", "included in the subscription"].contains(
                where: words.contains)
    }

    /// A request to these is billed for ten seconds at least; the source says so in its code
    /// (types.py, `calc_price`).
    private static let minimumUnits: [String: [Meter: Int64]] = [
        "groq/whisper-large-v3": [
            .audioMilliseconds: 10_000, .audioInputMilliseconds: 10_000,
        ],
        "groq/whisper-large-v3-turbo": [
            .audioMilliseconds: 10_000, .audioInputMilliseconds: 10_000,
        ],
    ]

    private static let known = ["id", "name", "match", "prices", "price_variants"]

    private static let leftOut: [(key: String, shape: String)] = [
        ("context_window", "context windows"), ("price_comments", "comments on a model's price"),
        ("description", "descriptions"),
        ("deprecated", "marks of retired models (not the end of a price)"),
    ]

    // MARK: Prices

    private func conditions(_ tally: inout ImportTally) -> [GenAIPricesTimeline.Condition]? {
        if let list = value["prices"]?.elements {
            tally.carry("lists of conditional prices")
            var conditions: [GenAIPricesTimeline.Condition] = []
            for entry in list {
                guard entry.holdsOnly("constraint", "prices"),
                    let prices = GenAIPriceSet(entry["prices"], place, &tally),
                    let constraint = constraint(entry["constraint"], &tally)
                else { return nil }
                conditions.append(.init(constraint: constraint, prices: prices))
            }
            return conditions.isEmpty ? nil : conditions
        }
        return GenAIPriceSet(value["prices"], place, &tally).map {
            [.init(constraint: .always, prices: $0)]
        }
    }

    private func variants(_ tally: inout ImportTally) -> [GenAIPricesTimeline.Variant]? {
        var variants: [GenAIPricesTimeline.Variant] = []
        for entry in value["price_variants"]?.elements ?? [] {
            guard entry.holdsOnly("when", "constraint", "prices"),
                let when = context(entry["when"]),
                let prices = GenAIPriceSet(entry["prices"], place, &tally),
                let constraint = constraint(entry["constraint"], &tally)
            else { return nil }
            if case .hours = constraint {
                tally.leave("variants of some hours", at: place)
                continue
            }
            variants.append(.init(when: when, constraint: constraint, prices: prices))
        }
        return variants
    }

    private func context(_ value: JSONValue?) -> [String: String]? {
        guard let members = value?.members, !members.isEmpty else { return nil }
        var when: [String: String] = [:]
        for member in members {
            guard let text = member.value.textValue, !text.isEmpty else { return nil }
            when[member.key] = text
        }
        return when
    }

    private func constraint(
        _ value: JSONValue?, _ tally: inout ImportTally
    ) -> GenAIPricesTimeline.Constraint? {
        guard let value, value != .null else { return .always }
        guard value.holdsOnly("start_date") || value.holdsOnly("start_time", "end_time") else {
            return nil
        }
        if let text = value["start_date"]?.textValue {
            guard let date = CivilDate.parse(text.utf8) else { return nil }
            tally.carry("start dates")
            return .from(Timestamp(date))
        }
        guard let start = time(value["start_time"]), let end = time(value["end_time"]) else {
            return nil
        }
        tally.carry("hours of the day")
        return .hours(TimeWindow.Hours(start: start, end: end))
    }

    /// `00:30:00+00:00`; hours of another zone than UTC are refused.
    private func time(_ value: JSONValue?) -> TimeOfDay? {
        guard var text = value?.textValue else { return nil }
        for suffix in ["+00:00", "Z"] where text.hasSuffix(suffix) {
            text.removeLast(suffix.count)
            break
        }
        return TimeOfDay.parse(text.utf8)
    }
}

extension JSONValue {
    /// What is known to bear on a price: a key that is not could turn it into another.
    fileprivate func holdsOnly(_ keys: String...) -> Bool {
        members?.allSatisfy { keys.contains($0.key) } ?? false
    }
}

/// A price set: what each meter costs, by band of total input.
struct GenAIPriceSet {
    struct Price {
        let base: Rate
        /// In the order of their starts; a request above a start takes its rate.
        let tiers: [(start: Int64, rate: Rate)]

        func rate(above band: Int64?) -> Rate {
            guard let band else { return base }
            return tiers.last { $0.start <= band }?.rate ?? base
        }
    }

    private(set) var prices: [Meter: Price] = [:]

    var isEmpty: Bool { prices.isEmpty }
    var bands: Set<Int64> { Set(prices.values.flatMap { $0.tiers.map(\.start) }) }

    mutating func set(_ price: Price, for meter: Meter) { prices[meter] = price }

    /// `nil` where the value is no price set or holds a figure that no price can be.
    init?(_ value: JSONValue?, _ place: String, _ tally: inout ImportTally) {
        guard let members = value?.members else { return nil }
        for member in members {
            guard let unit = Self.units[member.key] else {
                tally.leave("prices of \(member.key)", at: place)
                continue
            }
            tally.carry("prices of \(member.key)")
            guard let price = Self.price(member.value, unit, place, &tally) else { return nil }
            prices[unit.meter] = price
        }
    }

    private static func price(
        _ value: JSONValue, _ unit: Unit, _ place: String, _ tally: inout ImportTally
    ) -> Price? {
        guard value.members != nil else {
            return rate(value, unit, place, &tally).map { Price(base: $0, tiers: []) }
        }
        guard value.holdsOnly("base", "tiers"), let base = rate(value["base"], unit, place, &tally),
            let entries = value["tiers"]?.elements
        else { return nil }
        tally.carry("tiered prices")
        var tiers: [(start: Int64, rate: Rate)] = []
        for entry in entries {
            guard entry.holdsOnly("start", "price"), case .integer(let start)? = entry["start"],
                start >= 0,
                tiers.last.map({ $0.start < start }) ?? true,
                let rate = rate(entry["price"], unit, place, &tally)
            else { return nil }
            tiers.append((start, rate))
        }
        return Price(base: base, tiers: tiers)
    }

    private static func rate(
        _ value: JSONValue?, _ unit: Unit, _ place: String, _ tally: inout ImportTally
    ) -> Rate? {
        guard let text = value?.textValue ?? value?.numberText,
            let figure = ExactFigure(text, units: unit.units)
        else { return nil }
        switch figure.origin {
        case .asWritten: break
        case .floatNoise: tally.mend("float noise, made clean", at: "\(place): \(text)")
        case .repeating: tally.mend("repeating decimals, made ratios", at: "\(place): \(text)")
        case .unexplained: tally.mend("long figures, kept digit by digit", at: "\(place): \(text)")
        }
        return try? figure.rate(.usd)
    }

    struct Unit {
        let meter: Meter
        /// How many of the meter's units the quote is for.
        let units: Int64
    }

    /// The units of the source's registry that any price uses, as meters.
    ///
    /// A generic cache write is one of five minutes; hours of audio are counted in milliseconds.
    private static let units: [String: Unit] = [
        "input_mtok": Unit(meter: .input, units: million),
        "cache_read_mtok": Unit(meter: .cachedInput, units: million),
        "cache_write_mtok": Unit(meter: .cacheWrite5m, units: million),
        "cache_write_1h_mtok": Unit(meter: .cacheWrite1h, units: million),
        "output_mtok": Unit(meter: .output, units: million),
        "output_reasoning_mtok": Unit(meter: .reasoning, units: million),
        "output_citation_mtok": Unit(meter: .citation, units: million),
        "input_audio_mtok": Unit(meter: .audioInput, units: million),
        "cache_audio_read_mtok": Unit(meter: .cachedAudioInput, units: million),
        "cache_audio_write_mtok": Unit(meter: .audioCacheWrite5m, units: million),
        "cache_audio_write_1h_mtok": Unit(meter: .audioCacheWrite1h, units: million),
        "output_audio_mtok": Unit(meter: .audioOutput, units: million),
        "input_image_mtok": Unit(meter: .imageInput, units: million),
        "cache_image_read_mtok": Unit(meter: .cachedImageInput, units: million),
        "cache_image_write_mtok": Unit(meter: .imageCacheWrite5m, units: million),
        "cache_image_write_1h_mtok": Unit(meter: .imageCacheWrite1h, units: million),
        "output_image_mtok": Unit(meter: .imageOutput, units: million),
        "input_video_mtok": Unit(meter: .videoInput, units: million),
        "cache_video_read_mtok": Unit(meter: .cachedVideoInput, units: million),
        "output_video_mtok": Unit(meter: .videoOutput, units: million),
        "input_mchars": Unit(meter: .characterInput, units: million),
        "input_text_messages_kcount": Unit(meter: .textMessage, units: 1_000),
        "audio_hours": Unit(meter: .audioMilliseconds, units: hour),
        "input_audio_hours": Unit(meter: .audioInputMilliseconds, units: hour),
        "output_audio_hours": Unit(meter: .audioOutputMilliseconds, units: hour),
        "input_gpixels": Unit(meter: .inputPixel, units: 1_000_000_000),
        "input_document_kpages": Unit(meter: .page, units: 1_000),
        "input_annotated_document_kpages": Unit(meter: .annotatedPage, units: 1_000),
        "rerank_searches_kcount": Unit(meter: .query, units: 1_000),
        "web_searches_kcount": Unit(meter: .webSearch, units: 1_000),
        "storage_searches_kcount": Unit(meter: .fileSearch, units: 1_000),
        "code_executions_kcount": Unit(meter: .codeExecution, units: 1_000),
        "requests_kcount": Unit(meter: .request, units: 1_000),
    ]

    private static let million: Int64 = 1_000_000
    /// In milliseconds.
    private static let hour: Int64 = 3_600_000
}
