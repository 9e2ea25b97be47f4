/// A set of rate lines with the channels, models and exchange rates they speak of, known by its
/// content hash.
package struct Catalog: Sendable {
    /// SHA-256 of the texts it was read from, in hexadecimal.
    package let digest: String
    /// The newest day on which one of its sources was read.
    package let date: CivilDate?
    package let channels: [Channel]
    package let models: [Model]
    /// What channels call the models, the globs of each channel in the order in which they are
    /// tried.
    package let channelNames: [ChannelName]
    package let exchangeRates: [FXRate]
    package let lines: [CatalogLine]

    package init(
        digest: String, date: CivilDate?, channels: [Channel], models: [Model],
        channelNames: [ChannelName] = [], exchangeRates: [FXRate], lines: [CatalogLine]
    ) {
        self.digest = digest
        self.date = date
        self.channels = channels
        self.models = models
        self.channelNames = channelNames
        self.exchangeRates = exchangeRates
        self.lines = lines
    }

    /// The digest as people see it: the first twelve digits.
    package var shortDigest: String { String(digest.prefix(12)) }

    /// When each of some lines stops to hold, by its id: its stated end, or the start of the next
    /// line with the same channel, model, currency and conditions. Lines without an end are left
    /// out; withdrawn lines end nothing.
    package static func effectiveEnds(_ lines: [CatalogLine]) -> [String: Timestamp] {
        struct Group: Hashable {
            let channel: String
            let model: String
            let currency: Currency
            let conditions: RateConditions
        }
        let withdrawn = Set(lines.compactMap(\.corrects))
        let groups = Dictionary(grouping: lines.filter { !withdrawn.contains($0.line.id) }) {
            Group(
                channel: $0.line.channel, model: $0.line.model, currency: $0.line.currency,
                conditions: $0.line.conditions)
        }
        var ends: [String: Timestamp] = [:]
        for group in groups.values {
            let ordered = group.sorted { $0.line.validFrom < $1.line.validFrom }
            for (index, entry) in ordered.enumerated() {
                let successor = ordered[(index + 1)...].first {
                    $0.line.validFrom > entry.line.validFrom
                }
                ends[entry.line.id] = [entry.validTo, successor?.line.validFrom].compactMap(\.self)
                    .min()
            }
        }
        return ends
    }

    /// The lines that another line withdraws.
    package var withdrawnIDs: Set<String> { Set(lines.compactMap(\.corrects)) }
}

/// A rate line as a catalog carries it: with its end, its source and what its publisher says beside
/// it.
package final class CatalogLine: Sendable {
    package let line: RateLine
    /// The stated end, exclusive. A later line with the same conditions ends it too, without saying
    /// so.
    package let validTo: Timestamp?
    package let publication: Publication
    /// The id of the line that this one withdraws.
    package let corrects: String?
    package let note: String?
    /// A free allowance or committed discount that is not priced per request.
    package let allowance: String?
    /// Why a rate that looks odd is right; it silences the checks that judge size.
    package let confirmed: String?
    /// Where it was read: `channels/openai.yml:12`.
    package let origin: String

    package init(
        line: RateLine, validTo: Timestamp? = nil, publication: Publication,
        corrects: String? = nil, note: String? = nil, allowance: String? = nil,
        confirmed: String? = nil, origin: String = ""
    ) {
        self.line = line
        self.validTo = validTo
        self.publication = publication
        self.corrects = corrects
        self.note = note
        self.allowance = allowance
        self.confirmed = confirmed
        self.origin = origin
    }
}
