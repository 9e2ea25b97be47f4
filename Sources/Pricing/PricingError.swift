/// Why something cannot be priced, or is not money at all.
package enum PricingError: Error, Hashable, Sendable {
    case malformed(what: String, text: String, wanted: String)
    case outOfRange(String)
    case currencyMismatch(Currency, Currency)
    case noExchangeRate(Currency, Currency)
    case unknownTimeZone(String)
    /// `ended`: when the name ceased to stand for a model, where it once did.
    case unknownModel(String, nearest: [String], ended: Timestamp? = nil)
    case unknownChannel(String, nearest: [String])
    case unknownMeter(String, nearest: [String])
    case ambiguousModel(String, candidates: [String])
    case notSold(model: String, channel: String, soldOn: [String])
    case noLineInCurrency(model: String, channel: String, currency: Currency, has: [Currency])
    case noLineAt(model: String, channel: String, time: Timestamp, next: Timestamp?)
    case noLineForTier(model: String, channel: String, tier: String, has: [String])
    case noLineForSize(model: String, channel: String)
    case ambiguousLines(model: String, channel: String, lines: [String])
    case unpriced(model: String, channel: String, line: String, meters: [Meter])
    case noSettlement(channel: String, time: Timestamp)
    case sharesDoNotAddUp(String)
    case needsPeakShare(model: String, channel: String)

    /// Whether the answer is that something has no price, rather than that the question was
    /// malformed.
    package var isUnpriceable: Bool {
        switch self {
        case .malformed, .outOfRange, .unknownTimeZone, .unknownMeter, .sharesDoNotAddUp: false
        default: true
        }
    }

    /// The fields of a question that it is about, the nearest first, and what it quotes of them.
    package var subject: (fields: [String], quoted: String?) {
        switch self {
        case .unknownTimeZone(let name): (["timezone"], name)
        case .unknownModel(let name, _, _), .ambiguousModel(let name, _): (["model"], name)
        case .unknownChannel(let name, _): (["channel"], name)
        case .unknownMeter(let name, _): (["usage.\(name)"], nil)
        case .notSold(_, let channel, _): (["channel", "model"], channel)
        case .noLineInCurrency: (["billed_in", "channel", "model"], nil)
        case .noLineAt: (["at", "channel", "model"], nil)
        case .noLineForTier(_, _, let tier, _): (["service_tier", "channel", "model"], tier)
        case .noExchangeRate(_, let other): (["currency", "fx"], other.code)
        case .currencyMismatch: (["currency"], nil)
        case .noLineForSize, .ambiguousLines, .unpriced, .noSettlement, .needsPeakShare:
            (["channel", "model"], nil)
        case .sharesDoNotAddUp: (["share"], nil)
        case .malformed, .outOfRange: ([], nil)
        }
    }

    /// A stable word for machines.
    package var code: String {
        switch self {
        case .malformed: "malformed"
        case .outOfRange: "out_of_range"
        case .currencyMismatch: "currency_mismatch"
        case .noExchangeRate: "no_exchange_rate"
        case .unknownTimeZone: "unknown_time_zone"
        case .unknownModel: "unknown_model"
        case .unknownChannel: "unknown_channel"
        case .unknownMeter: "unknown_meter"
        case .ambiguousModel: "ambiguous_model"
        case .notSold: "not_sold"
        case .noLineInCurrency: "no_line_in_currency"
        case .noLineAt: "no_line_at_time"
        case .noLineForTier: "no_line_for_tier"
        case .noLineForSize: "no_line_for_size"
        case .ambiguousLines: "ambiguous_lines"
        case .unpriced: "unpriced_meters"
        case .noSettlement: "no_settlement"
        case .sharesDoNotAddUp: "shares_do_not_add_up"
        case .needsPeakShare: "needs_peak_share"
        }
    }
}

extension PricingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let what, let text, let wanted):
            "\(quoted(text)) is not \(article(what)); write \(wanted)"
        case .outOfRange(let what): "\(what) is out of range"
        case .currencyMismatch(let one, let other):
            "\(one.code) and \(other.code) cannot be added; convert one with --currency and --fx"
        case .noExchangeRate(let one, let other):
            "no exchange rate between \(one.code) and \(other.code) for that day; give one, such as --fx \(one.code)/\(other.code)=RATE"
        case .unknownTimeZone(let name):
            "no time zone \(quoted(name)); write an IANA name such as Asia/Shanghai"
        case .unknownModel(let name, let nearest, let ended):
            "no model \(quoted(name))\(ended.map { " since \($0.dayOrText)" } ?? "")\(hint(nearest))"
        case .unknownChannel(let name, let nearest): "no channel \(quoted(name))\(hint(nearest))"
        case .unknownMeter(let name, let nearest): "no meter \(quoted(name))\(hint(nearest))"
        case .ambiguousModel(let name, let candidates):
            "\(quoted(name)) matches \(candidates.joined(separator: " and ")); name one of them"
        case .notSold(let model, let channel, let soldOn):
            "no rate line for model \(quoted(model)) on channel \(quoted(channel)); it is sold on \(soldOn.isEmpty ? "none" : soldOn.joined(separator: ", "))"
        case .noLineInCurrency(let model, let channel, let currency, let has):
            "channel \(quoted(channel)) has no \(currency.code) list for model \(quoted(model)); it has \(has.map(\.code).joined(separator: ", "))"
        case .noLineAt(let model, let channel, let time, let next):
            "no rate line for model \(quoted(model)) on channel \(quoted(channel)) at \(time.text)"
                + (next.map { "; the next begins at \($0.text)" } ?? "")
        case .noLineForTier(let model, let channel, let tier, let has):
            "no rate line for model \(quoted(model)) on channel \(quoted(channel)) in service tier \(quoted(tier)); tiers there: \(has.joined(separator: ", "))"
        case .noLineForSize(let model, let channel):
            "no rate line for model \(quoted(model)) on channel \(quoted(channel)) covers a request of that size, time and attributes"
        case .ambiguousLines(let model, let channel, let lines):
            "rate lines \(lines.joined(separator: " and ")) for model \(quoted(model)) on channel \(quoted(channel)) apply equally; end one of them"
        case .unpriced(let model, let channel, let line, let meters):
            "no rate for \(meters.map(\.name).joined(separator: ", ")) in line \(line) of model \(quoted(model)) on channel \(quoted(channel)); it is unpriced there, not free"
        case .noSettlement(let channel, let time):
            "channel \(quoted(channel)) has no settlement at \(time.text)"
        case .sharesDoNotAddUp(let sum): "the shares add up to \(sum)%, not 100%"
        case .needsPeakShare(let model, let channel):
            "the price of model \(quoted(model)) on channel \(quoted(channel)) depends on the hour; say how much falls into the dearer hours with --peak-share"
        }
    }

    private func hint(_ nearest: [String]) -> String {
        nearest.isEmpty ? "" : "; nearest: \(nearest.joined(separator: ", "))"
    }

    private func article(_ noun: String) -> String {
        "aeiou".contains(noun.first ?? "x") ? "an \(noun)" : "a \(noun)"
    }
}

extension Unicode.Scalar {
    /// Controls, what turns the direction of writing, and what takes no room: with these a name looks
    /// like another. Those that join letters within a word are none.
    package var isHidden: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x61C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x2069,
            0xFEFF:
            true
        default: false
        }
    }
}

/// A user's text in a message: in quotes, cut at 80 characters, without control characters.
package func quoted(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(80).map { scalar in
        scalar.isHidden ? "\u{FFFD}" : String(scalar)
    }
    let cut = text.unicodeScalars.count > 80 ? "…" : ""
    return "\"\(shown.joined())\(cut)\""
}
