import ConfigFiles
import Pricing

/// The lines of channels that extend another: each of the base's lines times the multiplier, from
/// the day the extension holds. A model for which the channel has lines of its own takes those
/// alone.
struct ExtendedLines {
    let content: RateFileContent
    let collector: FaultCollector

    func lines() -> [CatalogLine] {
        var known: [String: [CatalogLine]] = Dictionary(grouping: content.lines.map(\.entry)) {
            $0.line.channel
        }
        var derived: [CatalogLine] = []
        for channel in inOrder() {
            guard let step = content.extensions[channel] else { continue }
            let own = Set(known[channel, default: []].map(\.line.model))
            let base = standing(known[step.base, default: []])
            let ends = Catalog.effectiveEnds(base)
            let lines =
                base
                .filter { !own.contains($0.line.model) }
                .filter { ends[$0.line.id].map { step.validFrom < $0 } ?? true }
                .compactMap { multiplied($0, step, channel: channel) }
            known[channel, default: []] += lines
            derived += lines
        }
        return derived
    }

    /// Extending channels, each behind the one it extends; unknown bases and circles are faults.
    private func inOrder() -> [String] {
        var done = Set(content.channels.map(\.channel.id)).subtracting(content.extensions.keys)
        var waiting = content.extensions.keys.sorted()
        var order: [String] = []
        while let index = waiting.firstIndex(where: {
            content.extensions[$0].map { done.contains($0.base) } ?? false
        }) {
            let channel = waiting.remove(at: index)
            done.insert(channel)
            order.append(channel)
        }
        for channel in waiting {
            guard let step = content.extensions[channel] else { continue }
            let isCircle = content.extensions[step.base] != nil
            step.place.fault(
                isCircle
                    ? "channel \(quoted(channel)) extends itself through \(quoted(step.base))"
                    : "extends \(quoted(step.base)), which is no channel")
        }
        return order
    }

    private func standing(_ entries: [CatalogLine]) -> [CatalogLine] {
        let withdrawn = Set(entries.compactMap(\.corrects))
        return entries.filter { !withdrawn.contains($0.line.id) }
    }

    private func multiplied(
        _ base: CatalogLine, _ step: RateFileContent.Extension, channel: String
    ) -> CatalogLine? {
        let line = base.line
        var rates = Rates()
        for (meter, rate) in line.rates.pairs {
            let product = step.place.value { () throws(PricingError) in
                try rate.multiplied(byAttos: step.multiplier)
            }
            guard let product else { return nil }
            rates[meter] = product
        }
        return CatalogLine(
            line: RateLine(
                channel: channel, model: line.model, currency: line.currency,
                conditions: line.conditions, validFrom: max(line.validFrom, step.validFrom),
                unlisted: line.unlisted, minimumUnits: line.minimumUnits, rates: rates),
            validTo: base.validTo, publication: step.publication,
            note: "\(DecimalText.text(step.multiplier)) × line \(line.id) of \(line.channel)",
            allowance: base.allowance, confirmed: base.confirmed,
            origin: "\(step.place.file):\(step.place.line)")
    }
}
