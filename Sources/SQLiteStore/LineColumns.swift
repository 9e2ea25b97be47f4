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
