import Accounting
import Synchronization

/// Counts what a relay did since its start.
package final class RelayMetrics: Sendable {
    private struct Answers {
        var ends: [RelayEnd: Int64] = [:]
        var events: [String: Int64] = [:]
        var firstToken = Histogram()
        var bytes: Int64 = 0
        var open: Int64 = 0
    }

    private struct Histogram {
        /// In milliseconds; what is more is in the last bucket.
        static let bounds: [Int64] = [
            5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
        ]
        var counts = [Int64](repeating: 0, count: bounds.count + 1)
        var sum: Int64 = 0

        mutating func add(_ milliseconds: Int64) {
            sum += milliseconds
            counts[Self.bounds.firstIndex { milliseconds <= $0 } ?? Self.bounds.count] += 1
        }
    }

    private let answers = Mutex<[String: Answers]>([:])

    func began(_ upstream: String) { answers.withLock { $0[upstream, default: .init()].open += 1 } }

    func ended(
        _ upstream: String, _ end: RelayEnd, known: String?, firstTokenMilliseconds: Int64?,
        bytes: Int
    ) {
        answers.withLock { answers in
            var here = answers[upstream] ?? .init()
            here.open -= 1
            here.ends[end, default: 0] += 1
            here.bytes += Int64(bytes)
            if let known { here.events[known, default: 0] += 1 }
            if let firstTokenMilliseconds { here.firstToken.add(firstTokenMilliseconds) }
            answers[upstream] = here
        }
    }

    package func metrics(waiting: Int) -> [Metric] {
        let answers = answers.withLock { $0 }.sorted { $0.key < $1.key }
        var ends = Metric(
            "relay_answers_total", "Answers by upstream and how they ended.", .counter)
        var events = Metric(
            "relay_events_total", "Events kept by upstream and how their usage is known.", .counter)
        var bytes = Metric("relay_bytes_total", "Bytes of answers by upstream.", .counter)
        var open = Metric("relay_open_answers", "Answers under way by upstream.")
        var first = Metric(
            "relay_time_to_first_token_seconds",
            "From the request to the first token, by upstream.", .histogram)
        var uncommitted = Metric("relay_uncommitted_events", "Events that wait to be kept.")
        uncommitted.add("\(waiting)")
        for (upstream, answers) in answers {
            let label = ("upstream", upstream)
            for end in RelayEnd.allCases {
                ends.add("\(answers.ends[end] ?? 0)", label, ("end", end.rawValue))
            }
            for (known, count) in answers.events.sorted(by: { $0.key < $1.key }) {
                events.add("\(count)", label, ("known", known))
            }
            bytes.add("\(answers.bytes)", label)
            open.add("\(answers.open)", label)
            var sum: Int64 = 0
            for (place, count) in answers.firstToken.counts.enumerated() {
                sum += count
                let isLast = place == Histogram.bounds.count
                let bound = isLast ? "+Inf" : Self.seconds(Histogram.bounds[place])
                first.add("\(sum)", suffix: "_bucket", label, ("le", bound))
            }
            first.add(Self.seconds(answers.firstToken.sum), suffix: "_sum", label)
            first.add("\(sum)", suffix: "_count", label)
        }
        return [ends, events, bytes, open, first, uncommitted]
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        let rest = String(milliseconds % 1000 + 1000).dropFirst()
        let digits = rest.reversed().drop { $0 == "0" }.reversed()
        return "\(milliseconds / 1000)" + (digits.isEmpty ? "" : "." + String(digits))
    }
}

/// How an answer ended.
package enum RelayEnd: String, CaseIterable, Sendable {
    /// Whole, and forwarded to its end.
    case complete
    /// Upstream refused, and the client got that.
    case refused
    /// Nothing was sent upstream.
    case denied
    /// Upstream could not be reached, or died.
    case cut
    /// The client left.
    case left
}
