import ConfigFiles
import Pricing
import RateCatalog
import Testing

/// A catalog of two files: models `gpt-4.1` and `gpt-4.1-mini`, and the channel `openai` with the
/// given lines.
struct SmallCatalog {
    static let models = """
        vendor: openai
        models:
          - id: gpt-4.1
          - id: gpt-4.1-mini
        """

    /// One line of a channel, whose rates and dates a test says; source and checked are there
    /// already.
    static func line(
        _ rates: String, model: String = "gpt-4.1", from: String = "2026-01-01", _ more: String...
    ) -> String {
        """
          - model: \(model)
            valid_from: \(from)
            source: https://example.com/prices
            checked: 2026-11-22
            rates: {\(rates)}
        """ + more.map { "\n    \($0)" }.joined()
    }

    static func channel(_ lines: [String], id: String = "openai", currency: String = "USD")
        -> RateFile
    {
        RateFile(
            name: "channels/\(id).yml",
            text: "channel: \(id)\ncurrency: \(currency)\nlines:\n" + lines.joined(separator: "\n")
                + "\n")
    }

    static func files(_ lines: String..., models: String = models, and more: [RateFile] = [])
        -> [RateFile]
    {
        [RateFile(name: "models/openai.yml", text: models), channel(lines)] + more
    }

    static func extending(
        _ id: String, _ base: String, multiplier: String, from: String, _ more: String = ""
    ) -> RateFile {
        RateFile(
            name: "channels/\(id).yml",
            text: """
                channel: \(id)
                extends: \(base)
                multiplier: \(multiplier)
                valid_from: \(from)
                source: https://example.com/relay
                checked: 2026-11-22
                \(more)
                """)
    }
}

/// The faults of some files, as they are shown.
func faults(_ files: [RateFile]) -> [String] {
    CatalogReader.faults(in: files).map(\.description)
}

func book(_ files: [RateFile]) throws -> RateBook {
    RateBook(try CatalogReader.read(files), zones: UTCAndShanghai())
}

/// Two zones that have had no change since 1991.
struct UTCAndShanghai: TimeZoneRules {
    func offsetSeconds(of zone: String, at time: Timestamp) throws(PricingError) -> Int {
        switch zone {
        case "UTC": 0
        case "Asia/Shanghai": 8 * 3600
        default: throw .unknownTimeZone(zone)
        }
    }
}

extension Timestamp {
    static func at(_ text: String) -> Timestamp {
        let moment = text.contains("T") ? text : text + "T00:00:00Z"
        guard let time = Timestamp.parse(moment.utf8) else {
            preconditionFailure("\(text) is no time")
        }
        return time
    }
}

extension RateBook {
    /// What `usage` comes to: `80.00 USD`.
    func billed(
        _ usage: KeyValuePairs<Meter, Int64>, of model: String, on channel: String = "direct",
        at time: String = "2026-11-22", tier: String = "standard",
        attributes: [String: String] = [:],
        list: Currency? = nil
    ) throws -> String {
        let purchase = Purchase(
            model: model, channel: channel, at: .at(time), serviceTier: tier,
            attributes: attributes, list: list)
        let money = try price(Usage(usage), purchase).requireComplete().billed.money
        return "\(money.amountText) \(money.currency.code)"
    }
}
