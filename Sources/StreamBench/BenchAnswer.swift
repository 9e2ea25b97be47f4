import Accounting
import JSONBytes

/// The table of the article, measured, with the article's figures beside it.
package struct BenchAnswer: Sendable {
    package let tokens: Int
    /// As it was asked for: `374`, `max`.
    package let rate: String
    package let timeToFirstToken: Duration
    package let runs: Int
    package let results: [BenchResult]

    package init(
        tokens: Int, rate: String, timeToFirstToken: Duration, runs: Int, results: [BenchResult]
    ) {
        self.tokens = tokens
        self.rate = rate
        self.timeToFirstToken = timeToFirstToken
        self.runs = runs
        self.results = results
    }

    package var answer: Answer { Answer(name: "bench", fields: fields, report: report) }

    // MARK: For programs

    private var fields: JSONObject {
        JSONObject([
            "tokens": .integer(Int64(tokens)), "tokens_per_second": .string(rate),
            "time_to_first_token_us": BenchNumbers.microseconds(timeToFirstToken),
            "runs": .integer(Int64(runs)), "tls": true, "rows": .array(results.map(row)),
            "article": .array(ArticleFigures.all.map(\.document)),
            "notes": .array(notes.map(JSONValue.string)),
        ])
    }

    private func row(_ result: BenchResult) -> JSONValue {
        let speeds = result.speeds.map { $0.map(BenchNumbers.decimal) }
        let bytes = result.bytes
        return .object([
            "transport": .string(result.transport.rawValue),
            "time_to_first_token_us": BenchNumbers.percentiles(result.firstTokens),
            "total_us": BenchNumbers.percentiles(result.totals),
            "tokens_per_second": speeds.map {
                .object([
                    "p50": .string($0[0]), "p90": .string($0[1]), "p99": .string($0[2]),
                ])
            } ?? .null,
            "memory": result.memory.map {
                .object([
                    "first_stream_bytes": .integer(Int64($0.firstStreamBytes)),
                    "streams": .integer(Int64($0.streams)),
                    "bytes_per_stream": .integer(Int64($0.bytesPerStream)),
                ])
            } ?? .null,
            "reconnection_us": BenchNumbers.percentiles(Percentiles(result.reconnections)),
            "bytes_per_token": .object([
                "text": .string(BenchNumbers.decimal(bytes.text)),
                "json": .string(BenchNumbers.decimal(bytes.json)),
                "framing": .string(BenchNumbers.decimal(bytes.framing)),
                "tls": .string(BenchNumbers.decimal(bytes.tls)),
                "total": .string(BenchNumbers.decimal(bytes.total)),
            ]),
        ])
    }

    // MARK: For people

    private var report: Report {
        let columns =
            [Report.Column("metric", "", .left)]
            + results.map { Report.Column($0.transport.rawValue, $0.transport.title) }
            + ArticleFigures.all.map { Report.Column($0.key, $0.title) }
        var report = Report(
            title: "\(tokens) tokens at \(rate) per second behind "
                + "\(BenchNumbers.milliseconds(timeToFirstToken)) ms, "
                + (runs == 1 ? "one run" : "\(runs) runs"),
            columns: columns, rows: rows, rates: "")
        report.notes = notes
        return report
    }

    private var rows: [[Report.Cell]] {
        percentiles("first token, ms", \.firstTokens, \.firstToken)
            + percentiles("total, ms", \.totals, \.total) + speeds
            + [
                line("memory, first stream, KiB", \.none) {
                    $0.memory.map { kibibytes($0.firstStreamBytes) }
                },
                line("memory, each of \(streams), KiB", \.memory) {
                    $0.memory.map { kibibytes($0.bytesPerStream) }
                },
            ]
            + percentiles(
                "reconnection, ms", { Percentiles($0.reconnections) }, \.reconnection)
            + [
                line("bytes a token: text", \.none) { BenchNumbers.decimal($0.bytes.text) },
                line("  JSON around it", \.none) { BenchNumbers.decimal($0.bytes.json) },
                line("  framing", \.framing) { BenchNumbers.decimal($0.bytes.framing) },
                line("  TLS", \.none) { BenchNumbers.decimal($0.bytes.tls) },
                line("  on the socket", \.none) { BenchNumbers.decimal($0.bytes.total) },
            ]
    }

    private var streams: String {
        results.compactMap(\.memory).first.map { BenchNumbers.grouped(Double($0.streams)) }
            .map { String($0.dropLast(2)) } ?? "many"
    }

    private func percentiles(
        _ title: String, _ values: (BenchResult) -> Percentiles<Duration>?,
        _ article: KeyPath<ArticleFigures, String>
    ) -> [[Report.Cell]] {
        Self.names(title).enumerated().map { place, title in
            line(title, place == 0 ? article : \.none) { result in
                values(result).map { BenchNumbers.grouped($0.all[place] / .milliseconds(1)) }
            }
        }
    }

    private var speeds: [[Report.Cell]] {
        Self.names("tokens a second").enumerated().map { place, title in
            line(title, place == 0 ? \.tokensPerSecond : \.none) { result in
                result.speeds.map { BenchNumbers.grouped($0[place]) }
            }
        }
    }

    private static func names(_ title: String) -> [String] {
        ["\(title), p50", "  p90", "  p99"]
    }

    private func line(
        _ title: String, _ article: KeyPath<ArticleFigures, String>,
        _ value: (BenchResult) -> String?
    ) -> [Report.Cell] {
        [Report.Cell(title)] + results.map { Report.Cell(value($0) ?? "—") }
            + ArticleFigures.all.map { Report.Cell($0[keyPath: article]) }
    }

    private func kibibytes(_ bytes: Int) -> String {
        BenchNumbers.grouped(Double(bytes) / 1_024)
    }

    private var notes: [String] {
        [
            "Measured on loopback over TLS against tokenmeter simulate in a process of its own, on "
                + "connections that were open; the last two columns are the article's claims, which "
                + "crossed a network.",
            "Tokens are those that the usage reports, by the time from the request to the end.",
            "Memory is resident, of a client process that holds that many streams open.",
            "A reconnection runs from the break of the connection to the first token of a new "
                + "stream that is sent at once, by a server that begins at once: a vendor's time to the "
                + "first token comes on top. tokenmeter sends no half-answered request again by itself.",
            "Bytes go from the server to the client, without what stands once a stream; framing is "
                + "SSE's fields and HTTP's chunks or frames, or WebSocket's frame; TCP and IP come on top.",
        ]
    }
}

/// What the article says it measured, as it is printed there.
struct ArticleFigures: Sendable {
    let key: String
    let title: String
    let firstToken: String
    let total: String
    let tokensPerSecond: String
    let memory: String
    let reconnection: String
    let framing: String
    var none: String { "" }

    static let all = [
        ArticleFigures(
            key: "article_sse", title: "art. SSE", firstToken: "142", total: "2,847",
            tokensPerSecond: "351.2", memory: "low", reconnection: "automatic",
            framing: "~2/frame"),
        ArticleFigures(
            key: "article_websocket", title: "art. WS", firstToken: "138", total: "2,812",
            tokensPerSecond: "355.6", memory: "medium", reconnection: "manual",
            framing: "~6/frame"),
    ]

    var document: JSONValue {
        .object([
            "name": .string(key), "time_to_first_token_ms": .string(firstToken),
            "total_ms": .string(total.filter { $0 != "," }),
            "tokens_per_second": .string(tokensPerSecond), "memory": .string(memory),
            "reconnection": .string(reconnection), "framing": .string(framing),
        ])
    }
}
