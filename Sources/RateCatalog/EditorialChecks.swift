import ConfigFiles
import Pricing

/// What loads, but is probably a slip: gaps, bands that get cheaper, rates in the wrong unit.
///
/// A line that says `confirmed: why` is left in peace.
struct EditorialChecks {
    /// A rate this many times its vendor's usual one is taken for a slip of the unit.
    static let farFactor: Int128 = 100

    let catalog: Catalog
    let places: [String: ConfigNode]
    let collector: FaultCollector

    func run() {
        let withdrawn = catalog.withdrawnIDs
        // What an import wrote was judged when it came in.
        let lines = catalog.lines.filter {
            !withdrawn.contains($0.line.id) && $0.confirmed == nil
                && !$0.origin.hasPrefix(RateFileLayers.folder)
        }
        checkGaps(lines)
        checkBands(lines)
        checkFarRates(lines)
    }

    private func checkGaps(_ lines: [CatalogLine]) {
        let groups = Dictionary(grouping: lines) {
            "\($0.line.channel)\n\($0.line.model)\n\($0.line.currency.code)\n\($0.line.conditions.text)"
        }
        for group in groups.values {
            let ordered = group.sorted { $0.line.validFrom < $1.line.validFrom }
            for (earlier, later) in zip(ordered, ordered.dropFirst()) {
                guard let end = earlier.validTo, end < later.line.validFrom else { continue }
                places[later.line.id]?.fault(
                    "a gap in the history of \(quoted(later.line.model)): nothing holds from \(end.text) to \(later.line.validFrom.text)"
                )
            }
        }
    }

    /// A larger request costs no less a token: a band below the one under it is a slip of the pen
    /// more often than a gift.
    private func checkBands(_ lines: [CatalogLine]) {
        for upper in lines {
            guard let above = upper.line.conditions.aboveInput else { continue }
            let lower = lines.filter { entry in
                var conditions = upper.line.conditions
                conditions.aboveInput = entry.line.conditions.aboveInput
                return entry.line.channel == upper.line.channel
                    && entry.line.model == upper.line.model
                    && entry.line.currency == upper.line.currency
                    && entry.line.conditions == conditions
                    && (entry.line.conditions.aboveInput ?? -1) < above
                    && entry.line.validFrom <= upper.line.validFrom
            }.max {
                ($0.line.conditions.aboveInput ?? -1, $0.line.validFrom) < (
                    $1.line.conditions.aboveInput ?? -1, $1.line.validFrom
                )
            }
            guard let lower else { continue }
            for (meter, rate) in upper.line.rates.pairs {
                guard let base = lower.line.rates[meter], rate.attosOfOneUnit < base.attosOfOneUnit
                else { continue }
                places[upper.line.id]?.fault(
                    "the band above \(above) charges \(meter.name) below the band under it (\(lower.origin))"
                )
            }
        }
    }

    private func checkFarRates(_ lines: [CatalogLine]) {
        struct Group: Hashable {
            let channel: String
            let currency: Currency
            let meter: Meter
        }
        var groups: [Group: [(rate: Int128, entry: CatalogLine)]] = [:]
        for entry in lines {
            for (meter, rate) in entry.line.rates.pairs where !rate.isFree {
                let group = Group(
                    channel: entry.line.channel, currency: entry.line.currency, meter: meter)
                groups[group, default: []].append((rate.attosOfOneUnit, entry))
            }
        }
        for (group, members) in groups {
            let sorted = members.map(\.rate).sorted()
            // Of two, each is the other's measure: the one without a neighbour in reach is told at
            // the later place.
            let median = sorted[(sorted.count - 1) / 2]
            for (rate, entry) in members
            where rate >= median * Self.farFactor || rate * Self.farFactor <= median {
                places[entry.line.id]?.fault(
                    "\(group.meter.name) is 100× away from the channel's other rates; a slip of the unit, or say confirmed: why"
                )
            }
        }
    }
}
