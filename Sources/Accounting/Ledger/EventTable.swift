import JSONBytes
import Pricing

/// The table that `ledger export --format csv` writes and `ledger import --from csv` reads: a
/// column for each field of an event and for the meters that most requests have.
package enum EventTable {
    package static let meters: [Meter] = [
        .input, .cachedInput, .cacheWrite5m, .cacheWrite1h, .output, .reasoning, .webSearch,
        .request,
    ]
    /// A cell with all other meters, as an object of JSON.
    package static let otherMeters = "other_usage"
    package static let costCurrency = "vendor_cost_currency"

    package static let columns =
        [
            "id", "start", "channel", "model", "answered_model", "service_tier",
            "service_tier_asked",
        ] + meters.map(\.name) + [
            otherMeters, "known", "method", "source", "project", "user", "tags", "when",
            "duration_ms", "first_token_ms", "vendor_id", "vendor_cost", costCurrency, "rate_line",
            "priced_as",
        ]

    package static var header: [UInt8] { row(columns) }

    /// Fields by RFC 4180 (<https://www.rfc-editor.org/rfc/rfc4180>, checked 2026-11-23).
    ///
    /// A cell that a spreadsheet would run as a formula gets an apostrophe, and so does one that
    /// begins with an apostrophe: reading takes it off again, and nothing is lost.
    fileprivate static func row(_ cells: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            let isGuarded =
                cell.utf8.first.map { guarded.contains($0) } ?? false
                && DecimalText.parse(cell) == nil
            let isQuoted = cell.utf8.contains { special.contains($0) }
            if isQuoted { bytes.append(quote) }
            if isGuarded { bytes.append(UInt8(ascii: "'")) }
            for byte in cell.utf8 {
                if byte == quote { bytes.append(quote) }
                bytes.append(byte)
            }
            if isQuoted { bytes.append(quote) }
        }
        return bytes + [0x0D, 0x0A]
    }

    private static let quote = UInt8(ascii: "\"")
    private static let guarded: Set<UInt8> = Set("=+-@'\t\r".utf8)
    private static let special: Set<UInt8> = Set("\",\r\n".utf8)
}

extension LedgerEntry {
    /// One row under `EventTable.columns`, with its end of line.
    package var csv: [UInt8] {
        let counts = EventTable.meters.map { meter in
            event.usage[meter] > 0 ? String(event.usage[meter]) : ""
        }
        var others = JSONObject()
        for meter in event.usage.meters where !EventTable.meters.contains(meter) {
            others.append(meter.name, .integer(event.usage[meter]))
        }
        let cells: [String?] =
            [
                event.id.text, event.start.text, event.channel, event.modelAsked,
                event.modelAnswered, event.serviceTier, event.serviceTierAsked,
            ] + counts + [
                Self.cell(others), event.known.rawValue, event.method, event.source, event.project,
                event.user, Self.cell(event.tags), Self.cell(event.attributes),
                event.durationMilliseconds.map(String.init),
                event.firstTokenMilliseconds.map(String.init), event.vendorID,
                event.vendorCost?.amountText, event.vendorCost?.currency.code, line?.id,
                line.map { "\($0.model) on \($0.channel)" },
            ]
        return EventTable.row(cells.map { $0 ?? "" })
    }

    private static func cell(_ pairs: [String: String]) -> String? {
        cell(JSONObject(sorted: pairs))
    }

    private static func cell(_ object: JSONObject) -> String? {
        object.members.isEmpty
            ? nil : String(decoding: JSONValue.object(object).compactBytes, as: UTF8.self)
    }
}

extension JSONObject {
    fileprivate init(sorted pairs: [String: String]) {
        self.init()
        for (name, value) in pairs.sorted(by: { $0.key < $1.key }) { append(name, .string(value)) }
    }
}
