import Accounting
import JSONBytes

/// Figures as people and programs get them.
enum BenchNumbers {
    /// `138.6`: milliseconds with one decimal.
    static func milliseconds(_ duration: Duration) -> String {
        decimal(duration / .milliseconds(1))
    }

    static func microseconds(_ duration: Duration) -> JSONValue {
        .integer(Int64((duration / .microseconds(1)).rounded()))
    }

    /// One decimal, and commas between thousands.
    static func grouped(_ value: Double) -> String {
        let text = decimal(value)
        let whole = text.prefix { $0 != "." }
        var grouped = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0, digit != "-" { grouped.append(",") }
            grouped.append(digit)
        }
        return grouped + text.dropFirst(whole.count)
    }

    /// One decimal.
    static func decimal(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }

    static func percentiles(_ values: Percentiles<Duration>?) -> JSONValue {
        guard let values else { return .null }
        return .object([
            "p50": microseconds(values.p50), "p90": microseconds(values.p90),
            "p99": microseconds(values.p99),
        ])
    }
}
