import GRDB
import Pricing

/// A rate line's conditions as columns: plain enough to be read in SQLite's own shell.
enum LineColumns {
    static func arguments(_ line: RateLine, number: Int64) -> StatementArguments {
        let conditions = line.conditions
        return [
            number, line.id, line.channel, line.model, line.currency.code, conditions.serviceTier,
            conditions.aboveInput, conditions.aboveOutput, conditions.window?.zone,
            conditions.window.map { window in
                Weekday.allCases.filter(window.weekdays.contains).map(\.rawValue).joined(
                    separator: ",")
            },
            conditions.window.map { $0.hours.map(\.text).joined(separator: ",") },
            pairs(conditions.when), line.validFrom.milliseconds, line.unlisted.rawValue,
            pairs(
                Dictionary(
                    uniqueKeysWithValues: line.minimumUnits.map { ($0.key.name, String($0.value)) })
            ),
        ]
    }

    // MARK: Reading

    /// What a line is read from, of a `rate_line l`.
    static let columns = """
        l.number, l.service_tier, l.above_input, l.above_output, l.window_zone, l.window_weekdays,
        l.window_hours, l.attributes, l.channel, l.model, l.currency, l.valid_from_ms, l.unlisted,
        l.minimum_units, l.id
        """
    static let count = 15

    /// What its rates are read from, of a `rate r`.
    static let rateColumns = "r.line, r.meter, r.quote, r.quoted_units"

    struct StoredRate {
        let meter: Meter
        let attos: Int128
        let units: Int64
    }

    /// By the number of their line.
    static func rates(_ rows: RowCursor) throws -> [Int64: [StoredRate]] {
        var rates: [Int64: [StoredRate]] = [:]
        while let row = try rows.next() {
            let (name, quote): (String, String) = (row[1], row[2])
            guard let meter = Meter(name: name), let attos = DecimalText.parse(quote) else {
                throw DatabaseError(
                    resultCode: .SQLITE_CORRUPT, message: "a rate that cannot be read")
            }
            rates[row[0] as Int64, default: []].append(
                StoredRate(meter: meter, attos: attos, units: row[3]))
        }
        return rates
    }

    /// A row that begins with `columns`.
    static func line(_ row: Row, _ rates: [StoredRate]) throws -> RateLine {
        let currency = try Currency(row[10] as String)
        var quoted = Rates()
        for rate in rates {
            quoted[rate.meter] = try Rate(
                quote: Money(currency: currency, attos: rate.attos), per: rate.units)
        }
        return RateLine(
            id: row[14], channel: row[8], model: row[9], currency: currency,
            conditions: try conditions(row, from: 1),
            validFrom: Timestamp(milliseconds: row[11]),
            unlisted: RateLine.Unlisted(rawValue: row[12]) ?? .refused,
            minimumUnits: try minimumUnits(row[13]), rates: quoted)
    }

    /// Lines by their numbers, whichever catalogs they are in.
    static func lines(_ numbers: Set<Int64>, _ db: Database) throws -> [Int64: RateLine] {
        var lines: [Int64: RateLine] = [:]
        let ordered = numbers.sorted()
        // SQLite takes 32,766 marks in a statement.
        for start in stride(from: 0, to: ordered.count, by: 10_000) {
            let part = ordered[start..<min(start + 10_000, ordered.count)]
            let list = part.map(String.init).joined(separator: ",")
            let rates = try rates(
                Row.fetchCursor(
                    db, sql: "SELECT \(rateColumns) FROM rate r WHERE r.line IN (\(list))"))
            let rows = try Row.fetchCursor(
                db, sql: "SELECT \(columns) FROM rate_line l WHERE l.number IN (\(list))")
            while let row = try rows.next() {
                let number: Int64 = row[0]
                lines[number] = try line(row, rates[number] ?? [])
            }
        }
        return lines
    }

    /// The columns from `service_tier` to `attributes`, in the table's order.
    static func conditions(_ row: Row, from column: Int) throws -> RateConditions {
        var window: TimeWindow?
        if let zone: String = row[column + 3], let days: String = row[column + 4],
            let hours: String = row[column + 5]
        {
            window = TimeWindow(
                zone: zone,
                weekdays: Set(
                    days.split(separator: ",").compactMap { Weekday(rawValue: String($0)) }),
                hours: hours.split(separator: ",").compactMap { span in
                    let ends = span.split(separator: "-").compactMap { TimeOfDay.parse($0.utf8) }
                    return ends.count == 2 ? TimeWindow.Hours(start: ends[0], end: ends[1]) : nil
                })
        }
        return RateConditions(
            serviceTier: row[column], aboveInput: row[column + 1], aboveOutput: row[column + 2],
            window: window, when: dictionary(row[column + 6]))
    }

    static func minimumUnits(_ text: String) throws -> [Meter: Int64] {
        var minimums: [Meter: Int64] = [:]
        for (name, value) in dictionary(text) {
            guard let meter = Meter(name: name), let count = Int64(value) else {
                throw DatabaseError(
                    resultCode: .SQLITE_CORRUPT, message: "a minimum that cannot be read")
            }
            minimums[meter] = count
        }
        return minimums
    }

    /// `key=value` a line, in the order of the keys.
    private static func pairs(_ dictionary: [String: String]) -> String {
        dictionary.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
            separator: "\n")
    }

    private static func dictionary(_ text: String) -> [String: String] {
        var result: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let halves = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if halves.count == 2 { result[String(halves[0])] = String(halves[1]) }
        }
        return result
    }
}
