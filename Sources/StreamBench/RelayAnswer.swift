import Accounting
import JSONBytes

/// What a relay adds to the same requests sent directly, one after the other in turn.
package struct RelayAnswer: Sendable {
    package let relayHost: String
    package let directHost: String
    package let model: String
    package let relay: [StreamTiming]
    package let direct: [StreamTiming]

    package init(
        relayHost: String, directHost: String, model: String, relay: [StreamTiming],
        direct: [StreamTiming]
    ) {
        self.relayHost = relayHost
        self.directHost = directHost
        self.model = model
        self.relay = relay
        self.direct = direct
    }

    package var answer: Answer { Answer(name: "bench-relay", fields: fields, report: report) }

    private struct Row {
        let key: String
        let title: String
        let relay: Percentiles<Duration>?
        let direct: Percentiles<Duration>?

        /// Of the percentiles, which is not a percentile of the differences.
        var added: [Duration]? {
            guard let relay, let direct else { return nil }
            return zip(relay.all, direct.all).map { $0 - $1 }
        }
    }

    private var rows: [Row] {
        [
            Row(
                key: "time_to_first_token", title: "first token, ms",
                relay: Percentiles(relay.compactMap(\.timeToFirstToken)),
                direct: Percentiles(direct.compactMap(\.timeToFirstToken))),
            Row(
                key: "total", title: "total, ms", relay: Percentiles(relay.map(\.total)),
                direct: Percentiles(direct.map(\.total))),
        ]
    }

    private var fields: JSONObject {
        JSONObject([
            "relay": .string(relayHost), "direct": .string(directHost), "model": .string(model),
            "runs": .integer(Int64(relay.count)), "rows": .array(rows.map(document)),
            "article_added": "<50 ms", "notes": .array(notes.map(JSONValue.string)),
        ])
    }

    private func document(_ row: Row) -> JSONValue {
        .object([
            "metric": .string(row.key), "relay_us": BenchNumbers.percentiles(row.relay),
            "direct_us": BenchNumbers.percentiles(row.direct),
            "added_us": row.added.map { added in
                .object([
                    "p50": BenchNumbers.microseconds(added[0]),
                    "p90": BenchNumbers.microseconds(added[1]),
                    "p99": BenchNumbers.microseconds(added[2]),
                ])
            } ?? .null,
        ])
    }

    private var report: Report {
        let lines = rows.flatMap { row in
            ["p50", "p90", "p99"].enumerated().map { place, name -> [Report.Cell] in
                [
                    Report.Cell(place == 0 ? row.title : ""), Report.Cell(name),
                    cell(row.relay?.all[place]), cell(row.direct?.all[place]),
                    cell(row.added?[place]),
                    Report.Cell(place == 0 && row.key != "total" ? "<50" : ""),
                ]
            }
        }
        var report = Report(
            title: "\(relayHost) against \(directHost), \(relay.count) runs each, in turn",
            columns: [
                Report.Column("metric", "", .left), Report.Column("percentile", "", .left),
                Report.Column("relay"), Report.Column("direct"), Report.Column("added"),
                Report.Column("article"),
            ], rows: lines, rates: "")
        report.notes = notes
        return report
    }

    private func cell(_ duration: Duration?) -> Report.Cell {
        Report.Cell(duration.map { BenchNumbers.grouped($0 / .milliseconds(1)) } ?? "—")
    }

    private var notes: [String] {
        [
            "Requests go to the relay and directly in turn, each over a connection that was open.",
            "Added is the relay's percentile less the direct one's.",
        ]
    }
}
