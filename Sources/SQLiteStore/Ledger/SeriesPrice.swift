import GRDB
import Pricing

/// A line's rates as whole numbers of 10⁻¹² of its currency, for `usage_event`: SQLite's own
/// arithmetic is exact with them, and needs no function of ours.
///
/// tokenmeter itself never reads them: it multiplies by the rates.
enum SeriesPrice {
    private static let attosInPico: Int128 = 1_000_000

    /// What the view needs of a line; `nil` for a rate that ends behind 10⁻¹², or has a least.
    private static func prices(of line: RateLine) -> [Meter: Int64?] {
        var prices: [Meter: Int64?] = [:]
        for meter in Meter.allCases {
            guard let (_, rate) = line.rate(for: meter) else { continue }
            prices[meter] = .some(line.minimumUnits[meter] == nil ? pico(of: rate) : nil)
        }
        return prices
    }

    /// Whether the view multiplies by what a line says.
    static func isTrue(
        to line: RateLine, account: Int64, series: Int64, _ db: Database
    ) throws -> Bool {
        let prices = prices(of: line)
        guard
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT billed_currency, input, cached_input, cache_write_5m, cache_write_1h,
                        output, reasoning
                    FROM series_price WHERE account = ? AND series = ?
                    """, arguments: [account, series]),
            line.currency.code == row[0]
        else { return false }
        for (place, meter) in EventRow.meters.enumerated() {
            let price: Int64? = row[place + 1]
            guard price == prices[meter] ?? nil else { return false }
        }
        let known = prices.filter { !EventRow.meters.contains($0.key) }
        let others = try Row.fetchAll(
            db,
            sql: "SELECT meter, pico FROM series_other_price WHERE account = ? AND series = ?",
            arguments: [account, series])
        return others.count == known.count
            && others.allSatisfy { other in
                guard let meter = Meter(name: other[0]), let price = known[meter] else {
                    return false
                }
                return price == other[1] as Int64?
            }
    }

    static func insert(
        _ line: RateLine, account: Int64, series: Int64, _ db: Database
    ) throws {
        let settlement = try settlement(line, db)
        var isExact = settlement != nil && line.minimumUnits.isEmpty
        var columns: [String: Int64] = [:]
        for (meter, pico) in prices(of: line) {
            if pico == nil { isExact = false }
            if EventRow.meters.contains(meter) {
                columns[meter.name] = pico
            } else {
                try db.execute(
                    sql: "INSERT INTO series_other_price VALUES (?, ?, ?, ?)",
                    arguments: [account, series, meter.name, pico])
            }
        }
        try db.execute(
            sql: """
                INSERT INTO series_price (account, series, billed_currency, currency, pays,
                    for_billed, is_exact, input, cached_input, cache_write_5m, cache_write_1h,
                    output, reasoning)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                account, series, line.currency.code, settlement?.currency ?? line.currency.code,
                // A remainder of everything: the view shows no cost.
                settlement?.pays ?? 1, settlement?.billed ?? Int64.max, isExact,
            ] + StatementArguments(EventRow.meters.map { columns[$0.name] }))
    }

    /// The price of one unit, where it ends at 10⁻¹².
    private static func pico(of rate: Rate) -> Int64? {
        let unit = rate.quote.attos.quotientAndRemainder(dividingBy: Int128(rate.quotedUnits))
        guard unit.remainder == 0, unit.quotient % attosInPico == 0 else { return nil }
        return Int64(exactly: unit.quotient / attosInPico)
    }

    /// How the line's bills are paid, 1 for 1 where they are paid as billed; `nil` where that changed
    /// in the course of time, or is no ratio of whole numbers of this size.
    private static func settlement(
        _ line: RateLine, _ db: Database
    ) throws -> (currency: String, pays: Int64, billed: Int64)? {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT pays, pays_currency, billed FROM catalog_settlement
                WHERE catalog = (SELECT max(catalog) FROM catalog_channel WHERE id = ?1)
                AND channel = ?1 AND billed_currency = ?2
                """, arguments: [line.channel, line.currency.code])
        guard let row = rows.first else { return (line.currency.code, 1, 1) }
        let (pays, billed): (String, String) = (row[0], row[2])
        guard rows.count == 1, var numerator = DecimalText.parse(pays),
            var denominator = DecimalText.parse(billed)
        else { return nil }
        while numerator % 10 == 0, denominator % 10 == 0 {
            numerator /= 10
            denominator /= 10
        }
        guard let whole = Int64(exactly: numerator), let part = Int64(exactly: denominator) else {
            return nil
        }
        return (row[1], whole, part)
    }
}
