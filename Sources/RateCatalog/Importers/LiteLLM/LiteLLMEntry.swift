import JSONBytes
import Pricing

/// One entry of the map: its names, and its prices as complete lines.
struct LiteLLMEntry {
    let key: String
    let value: JSONValue
    let provider: String

    private struct Slot: Hashable {
        var tier = RateConditions.standardTier
        var band: Int64?
        var when: [String: String] = [:]
    }

    private typealias Prices = [Slot: [Meter: Rate]]

    private var mode: String? { value["mode"]?.textValue }

    func model(_ tally: inout ImportTally) -> ImportedModel {
        let channel = LiteLLMProviders.channel(of: provider)
        var model = ImportedModel(
            id: key, canonical: LiteLLMNames.canonical(key, on: channel), name: nil)
        model.isResold = LiteLLMNames.isResold(key, on: channel)
        model.names = LiteLLMNames.names(key, provider: provider)
        tally.carry("entries")
        guard let prices = prices(&tally) else {
            tally.cannotRead(key)
            return model
        }
        guard !prices.isEmpty else {
            tally.leave("entries without a price (unknown, and never 0)", at: key)
            return model
        }
        if prices.values.allSatisfy({ $0.values.allSatisfy(\.isFree) }), !saysFree {
            tally.leave("entries of nothing but 0, which may mean free or unknown", at: key)
            return model
        }
        model.lines = lines(prices, &tally)
        return model
    }

    private var saysFree: Bool {
        LiteLLMProviders.local.contains(provider) || key.lowercased().hasSuffix(":free")
    }

    // MARK: Keys

    /// `nil` where a figure cannot be read.
    private func prices(_ tally: inout ImportTally) -> Prices? {
        var prices: Prices = [:]
        for member in value.members ?? [] {
            switch member.key {
            case "tiered_pricing", "off_peak_pricing", "search_context_cost_per_query":
                continue
            case "regional_endpoint_uplift_multiplier", "regional_processing_uplift_multiplier_eu",
                "regional_processing_uplift_multiplier_us":
                continue
            case "deprecation_date":
                tally.leave("a vendor's retirement date (not the end of a price)", at: key)
            case _ where !Self.isPrice(member.key):
                tally.leave("facts that are not prices", at: "\(key): \(member.key)")
            default:
                guard add(member, to: &prices, &tally) else { return nil }
            }
        }
        guard addTiers(to: &prices, &tally), addSearches(to: &prices, &tally) else { return nil }
        return prices
    }

    private static func isPrice(_ key: String) -> Bool {
        ["cost", "pric", "multiplier", "fee", "usd"].contains(where: key.contains)
    }

    private func add(
        _ member: JSONObject.Member, to prices: inout Prices, _ tally: inout ImportTally
    ) -> Bool {
        guard let read = LiteLLMKey(member.key, mode: mode) else {
            tally.leave("prices of \(member.key)", at: key)
            return true
        }
        guard let rate = rate(member.value, read, &tally) else { return false }
        let slot = Slot(tier: read.tier, band: read.band, when: read.when)
        // Two keys of one meter: the plainer one was written first.
        if prices[slot]?[read.meter] == nil { prices[slot, default: [:]][read.meter] = rate }
        tally.carry("prices of \(read.meter.name)")
        if read.tier != RateConditions.standardTier { tally.carry("service tiers in a key") }
        if read.band != nil { tally.carry("context bands in a key") }
        return true
    }

    private func rate(
        _ value: JSONValue, _ key: LiteLLMKey, _ tally: inout ImportTally
    ) -> Rate? {
        guard let text = value.numberText,
            let figure = ExactFigure(text, timesTen: key.timesTen, units: key.units)
        else { return nil }
        switch figure.origin {
        case .asWritten: break
        case .floatNoise: tally.mend("float noise, made clean", at: "\(self.key): \(text)")
        case .repeating: tally.mend("repeating decimals, made ratios", at: "\(self.key): \(text)")
        case .unexplained:
            tally.mend("long figures, kept digit by digit", at: "\(self.key): \(text)")
        }
        return try? figure.rate(.usd)
    }

    /// `tiered_pricing`: from a number of input tokens, exclusive, all tokens take the tier's prices.
    private func addTiers(to prices: inout Prices, _ tally: inout ImportTally) -> Bool {
        if let tiers = value["tiered_pricing"], tiers.elements == nil, tiers != .null {
            return false
        }
        for tier in value["tiered_pricing"]?.elements ?? [] {
            guard let range = tier["range"]?.elements, let first = range.first?.numberText else {
                tally.leave("prices by the number of results", at: key)
                continue
            }
            guard let from = DecimalText.parse(first), from % DecimalText.one == 0 else {
                return false
            }
            let tokens = Int64(from / DecimalText.one)
            // `[256001, …]` is the same edge as `[256000, …]`: 256,000 is the lower band's.
            let band = tokens % 1000 == 1 ? tokens - 1 : tokens
            tally.carry("tiered_pricing")
            for member in tier.members ?? [] where member.key != "range" {
                guard let read = LiteLLMKey(member.key, mode: mode) else {
                    tally.leave("prices of \(member.key)", at: key)
                    continue
                }
                guard let rate = rate(member.value, read, &tally) else { return false }
                let slot = Slot(tier: read.tier, band: band == 0 ? nil : band)
                prices[slot, default: [:]][read.meter] = rate
            }
        }
        return true
    }

    /// A search costs what it does with a medium context; other sizes are attributes of the request.
    private func addSearches(to prices: inout Prices, _ tally: inout ImportTally) -> Bool {
        guard let sizes = value["search_context_cost_per_query"] else { return true }
        var rates: [String: Rate] = [:]
        for size in ["low", "medium", "high"] {
            guard let text = sizes["search_context_size_\(size)"]?.numberText else { continue }
            guard let figure = ExactFigure(text, units: 1), let rate = try? figure.rate(.usd) else {
                return false
            }
            rates[size] = rate
        }
        guard let base = rates["medium"] ?? rates["low"] ?? rates["high"] else {
            tally.leave("searches without a size", at: key)
            return true
        }
        tally.carry("searches by context size")
        prices[Slot(), default: [:]][.webSearch] = base
        for (size, rate) in rates where rate != base {
            prices[Slot(when: ["search_context": size]), default: [:]][.webSearch] = rate
        }
        return true
    }

    // MARK: Lines

    private func lines(_ prices: Prices, _ tally: inout ImportTally) -> [ImportedLine] {
        let tiers = Set(prices.keys.map(\.tier)).sorted {
            ($0 == RateConditions.standardTier ? 0 : 1, $0)
                < ($1 == RateConditions.standardTier ? 0 : 1, $1)
        }
        let bands = [nil] + Set(prices.keys.compactMap(\.band)).sorted().map(Optional.some)
        let attributes = attributes(prices, &tally)
        var lines: [ImportedLine] = []
        for tier in tiers {
            for (when, factor) in attributes {
                var lower: Rates?
                for band in bands {
                    let slot = Slot(tier: tier, band: band, when: when)
                    guard let rates = multiplied(merged(prices, slot), by: factor, &tally),
                        !rates.meters.isEmpty, rates != lower
                    else { continue }
                    lower = rates
                    lines.append(
                        ImportedLine(
                            conditions: RateConditions(
                                serviceTier: tier, aboveInput: band, when: when), rates: rates))
                }
            }
        }
        return lines + offPeak(prices, &tally)
    }

    /// What a line lists: the slot's own prices over those of lower bands, over the standard tier's.
    private func merged(_ prices: Prices, _ slot: Slot) -> [Meter: Rate] {
        var result: [Meter: Rate] = [:]
        let standard = RateConditions.standardTier
        for tier in slot.tier == standard ? [standard] : [standard, slot.tier] {
            let bands = Set(prices.keys.filter { $0.tier == tier && $0.when.isEmpty }.map(\.band))
            for band in bands.sorted(by: { ($0 ?? -1) < ($1 ?? -1) })
            where (band ?? -1) <= (slot.band ?? -1) {
                for (meter, rate) in prices[Slot(tier: tier, band: band)] ?? [:] {
                    result[meter] = rate
                }
            }
        }
        for (meter, rate) in prices[Slot(when: slot.when)] ?? [:] where !slot.when.isEmpty {
            result[meter] = rate
        }
        return result
    }

    /// The attributes that a request may have, one kind of them, with what they multiply.
    ///
    /// Two kinds at once would give lines of which two apply to one request; the rarer is left out.
    private func attributes(
        _ prices: Prices, _ tally: inout ImportTally
    ) -> [(when: [String: String], factor: String)] {
        var kinds: [(name: String, all: [(when: [String: String], factor: String)])] = []
        for name in ["resolution", "image_size", "search_context"] {
            let values = Set(prices.keys.compactMap { $0.when[name] }).sorted()
            if !values.isEmpty { kinds.append((name, values.map { ([name: $0], "1") })) }
        }
        var regions: [(when: [String: String], factor: String)] = []
        for region in ["eu", "us"] {
            let field = "regional_processing_uplift_multiplier_\(region)"
            guard let factor = value[field]?.numberText else { continue }
            regions.append((["region": region], factor))
        }
        if !regions.isEmpty { kinds.append(("region", regions)) }
        if let factor = value["regional_endpoint_uplift_multiplier"]?.numberText {
            kinds.append(("endpoint", [(["endpoint": "regional"], factor)]))
        }
        for kind in kinds.dropFirst() {
            tally.leave("lines by \(kind.name), beside lines by \(kinds[0].name)", at: key)
        }
        if let kind = kinds.first { tally.carry("lines by \(kind.name)", kind.all.count) }
        return [([:], "1")] + (kinds.first?.all ?? [])
    }

    private func multiplied(
        _ prices: [Meter: Rate], by factor: String, _ tally: inout ImportTally
    ) -> Rates? {
        guard factor != "1" else { return Rates(prices.map { ($0.key, $0.value) }) }
        guard let attos = DecimalText.parse(factor), attos > 0 else {
            tally.leave("multipliers that are no plain decimal", at: key)
            return nil
        }
        var rates = Rates()
        for (meter, rate) in prices {
            // The uplift is on tokens; a search costs what it costs.
            guard meter.isToken else {
                rates[meter] = rate
                continue
            }
            guard let product = try? rate.multiplied(byAttos: attos) else { return nil }
            rates[meter] = product
        }
        return rates
    }

    // MARK: Hours

    private func offPeak(_ prices: Prices, _ tally: inout ImportTally) -> [ImportedLine] {
        guard let offPeak = value["off_peak_pricing"] else { return [] }
        var rates = merged(prices, Slot())
        for member in offPeak.members ?? []
        where member.key != "windows" && member.key != "weekday_timezone" {
            guard let read = LiteLLMKey(member.key, mode: mode),
                let rate = rate(member.value, read, &tally)
            else {
                tally.leave("prices of \(member.key)", at: key)
                continue
            }
            rates[read.meter] = rate
        }
        let zone = offPeak["weekday_timezone"]?.textValue
        let windows = LiteLLMHours.windows(offPeak["windows"]?.elements ?? [], weekdaysIn: zone)
        guard let windows else {
            tally.leave("off-peak hours that cannot be read", at: key)
            return []
        }
        tally.carry("off-peak windows", windows.count)
        return windows.map { window in
            ImportedLine(
                conditions: RateConditions(window: window),
                rates: Rates(rates.map { ($0.key, $0.value) }))
        }
    }
}
