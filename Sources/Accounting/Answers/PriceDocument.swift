import JSONBytes
import Pricing

/// Writes the answer for one request as bytes, without a tree: what `price` prints for each of many
/// lines.
package struct PriceDocument {
    private let ratesFragment: [UInt8]
    /// The constant part of each line's `rate_line`, by the line's id.
    private var lineFragments: [ObjectIdentifier: [UInt8]] = [:]

    package init(_ catalog: Catalog) { ratesFragment = catalog.json.compactBytes }

    /// Appends one document. `converted` is the cost in the currency asked for, where one was.
    package mutating func append(
        _ priced: PricedRequest, usage: Usage, asked: Purchase, shown: ShownMoney?,
        exchange: JSONValue?, id: String? = nil, to writer: inout JSONWriter
    ) throws(PricingError) {
        writer.raw("{\"schema\":\"tokenmeter.price/1\",\"per\":\"request\"")
        if let id { field("id", id, &writer) }
        field("model", priced.line.model, &writer)
        if asked.model != priced.line.model { field("model_asked", asked.model, &writer) }
        field("channel", priced.channel.id, &writer)
        field("service_tier", priced.line.conditions.serviceTier, &writer)
        writer.raw(",\"at\":\"")
        priced.time.append(to: &writer.bytes)
        writer.raw("\",\"rates\":")
        writer.bytes.append(contentsOf: ratesFragment)
        appendUsage(usage, to: &writer)
        appendCost(priced.cost, shown: shown, to: &writer)
        try appendComponents(priced.line, usage, to: &writer)
        if let settlement = try priced.channel.settlement(of: priced.line.currency, at: priced.time)
        {
            writer.raw(",\"settlement\":")
            writer.write(settlement.json, indent: nil)
        }
        if let exchange {
            writer.raw(",\"fx\":")
            writer.write(exchange, indent: nil)
        }
        writer.raw(",\"rate_line\":")
        writer.bytes.append(contentsOf: fragment(of: priced.entry))
        writer.raw("}")
    }

    private mutating func fragment(of entry: CatalogLine) -> [UInt8] {
        if let known = lineFragments[ObjectIdentifier(entry)] { return known }
        let bytes = entry.briefJSON.compactBytes
        lineFragments[ObjectIdentifier(entry)] = bytes
        return bytes
    }

    private func field(_ key: StaticString, _ text: String, _ writer: inout JSONWriter) {
        writer.raw(",\"")
        writer.raw(key)
        writer.raw("\":")
        writer.string(text)
    }

    private func appendUsage(_ usage: Usage, to writer: inout JSONWriter) {
        writer.raw(",\"usage\":{")
        var isFirst = true
        for meter in usage.meters {
            if !isFirst { writer.raw(",") }
            isFirst = false
            writer.string(meter.name)
            writer.raw(":")
            writer.integer(usage[meter])
        }
        writer.raw("},\"total_input\":")
        writer.integer(usage.totalInput)
        writer.raw(",\"total_output\":")
        writer.integer(usage.totalOutput)
    }

    private func appendCost(_ cost: Cost, shown: ShownMoney?, to writer: inout JSONWriter) {
        guard cost.isComplete else {
            writer.raw(",\"billed\":null,\"settled\":null,\"cost\":null,\"cost_at_least\":")
            money(shown?.money ?? cost.settled.money, shown?.isConverted ?? false, &writer)
            return
        }
        writer.raw(",\"billed\":")
        money(cost.billed.money, false, &writer)
        writer.raw(",\"settled\":")
        money(cost.settled.money, false, &writer)
        writer.raw(",\"cost\":")
        money(shown?.money ?? cost.settled.money, shown?.isConverted ?? false, &writer)
    }

    private func money(_ money: Money, _ isConverted: Bool, _ writer: inout JSONWriter) {
        writer.raw("{\"amount\":\"")
        DecimalText.append(
            money.attos, minorDigits: money.currency.minorDigits, to: &writer.bytes)
        writer.raw("\",\"currency\":\"")
        writer.bytes.append(contentsOf: money.currency.code.utf8)
        isConverted ? writer.raw("\",\"converted\":true}") : writer.raw("\"}")
    }

    private func appendComponents(
        _ line: RateLine, _ usage: Usage, to writer: inout JSONWriter
    ) throws(PricingError) {
        writer.raw(",\"components\":[")
        var isFirst = true
        for meter in usage.meters {
            guard let (ratedAs, rate) = line.rate(for: meter) else { continue }
            let units = line.billedUnits(usage[meter], of: meter)
            writer.bytes.append(contentsOf: isFirst ? [UInt8(ascii: "{")] : Self.commaBrace)
            isFirst = false
            writer.raw("\"meter\":")
            writer.string(meter.name)
            writer.raw(",\"count\":")
            writer.integer(usage[meter])
            if units != usage[meter] {
                writer.raw(",\"billed_units\":")
                writer.integer(units)
            }
            if ratedAs != meter { field("rated_as", ratedAs.name, &writer) }
            writer.raw(",\"rate\":{\"amount\":\"")
            DecimalText.append(
                rate.quote.attos, minorDigits: rate.quote.currency.minorDigits, to: &writer.bytes)
            writer.raw("\",\"currency\":\"")
            writer.bytes.append(contentsOf: rate.quote.currency.code.utf8)
            writer.raw("\",\"per\":")
            writer.integer(rate.quotedUnits)
            writer.raw("},\"billed\":")
            money(try rate.billed(for: units).money, false, &writer)
            writer.raw("}")
        }
        writer.raw("]")
        appendUnpriced(line, usage, to: &writer)
    }

    private func appendUnpriced(_ line: RateLine, _ usage: Usage, to writer: inout JSONWriter) {
        var unpriced = JSONObject()
        for meter in usage.meters where line.rate(for: meter) == nil {
            unpriced.append(meter.name, .integer(usage[meter]))
        }
        guard !unpriced.members.isEmpty else { return }
        writer.raw(",\"unpriced\":")
        writer.write(.object(unpriced), indent: nil)
    }

    private static let commaBrace: [UInt8] = Array(",{".utf8)
}

extension Settlement {
    var json: JSONValue {
        .object([
            "pays": pays.json, "for": billed.json, "valid_from": .string(validFrom.text),
            "source": .string(source.source), "claim": source.claim.map(JSONValue.string),
        ])
    }

    /// `¥1 settles $1`
    var display: String {
        func short(_ money: Money) -> String { money.currency.sign + DecimalText.text(money.attos) }
        return "\(short(pays)) settles \(short(billed))"
    }
}
