/// A set of rate lines with the channels, models and exchange rates they speak of, known by its content hash.
package struct Catalog: Sendable {
    /// SHA-256 of the texts it was read from, in hexadecimal.
    package let digest: String
    /// The newest day on which one of its sources was read.
    package let date: CivilDate?
    package let channels: [Channel]
    package let models: [Model]
    package let exchangeRates: [FXRate]
    package let lines: [CatalogLine]

    package init(
        digest: String, date: CivilDate?, channels: [Channel], models: [Model],
        exchangeRates: [FXRate], lines: [CatalogLine]
    ) {
        self.digest = digest
        self.date = date
        self.channels = channels
        self.models = models
        self.exchangeRates = exchangeRates
        self.lines = lines
    }

    /// The digest as people see it: the first twelve digits.
    package var shortDigest: String { String(digest.prefix(12)) }

    /// The lines that another line withdraws.
    package var withdrawnIDs: Set<String> { Set(lines.compactMap(\.corrects)) }
}

/// A rate line as a catalog carries it: with its end, its source and what its publisher says beside it.
package final class CatalogLine: Sendable {
    package let line: RateLine
    /// The stated end, exclusive. A later line with the same conditions ends it too, without saying so.
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
