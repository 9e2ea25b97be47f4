import JSONBytes
import Pricing

/// A number that somebody watches, with what tells its samples apart.
package struct Metric: Sendable {
    package enum Kind: String, Sendable { case gauge, counter, histogram }

    package struct Sample: Sendable {
        /// What a histogram's parts add to its name.
        package let suffix: String
        package let labels: [(name: String, value: String)]
        /// A decimal number.
        package let value: String
    }

    package let name: String
    package let help: String
    package let kind: Kind
    package private(set) var samples: [Sample] = []

    package init(_ name: String, _ help: String, _ kind: Kind = .gauge) {
        self.name = "tokenmeter_" + name
        self.help = help
        self.kind = kind
    }

    package mutating func add(
        _ value: String, suffix: String = "", _ labels: (name: String, value: String)...
    ) {
        samples.append(Sample(suffix: suffix, labels: labels, value: value))
    }
}

extension LedgerContext {
    /// What the ledger holds, read from it: requests, units and cost by channel and model, this month's
    /// spend, and where budgets stand. They are gauges, for a correction makes them less.
    package func metrics(
        _ budgets: [Budget], held: any BudgetReservations
    ) throws -> [Metric] {
        let status = try ledger.status(account: account)
        var events = Metric("events", "Events in the ledger, by how their usage is known.")
        for known in Known.allCases {
            events.add("\(status.known[known] ?? 0)", ("known", known.rawValue))
        }
        var conflicts = Metric("conflicts", "Events that contradict another and are in no total.")
        conflicts.add("\(status.conflicts)")
        var reservations = Metric(
            "reservations", "Requests held against budgets: under way, or of unknown usage.")
        reservations.add("\(status.reservations)")
        var newest = Metric("newest_event_timestamp_seconds", "When the newest event began.")
        if let time = status.newest { newest.add(Self.seconds(time.milliseconds)) }
        var lag = Metric("newest_event_age_seconds", "How long ago the newest event began.")
        if let time = status.newest {
            // An event of a clock that is ahead is of now.
            lag.add(Self.seconds(max(0, pricing.now.milliseconds - time.milliseconds)))
        }
        return try [events, conflicts, reservations, newest, lag] + usageMetrics(status)
            + monthMetrics() + budgetMetrics(budgets, held)
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        DecimalText.text(Int128(milliseconds) * (DecimalText.one / 1000))
    }

    private func usageMetrics(_ status: LedgerStatus) throws -> [Metric] {
        var requests = Metric("requests", "Requests by channel and model.")
        var units = Metric("units", "Units of each meter by channel and model, such as tokens.")
        var costs = Metric("cost", "Known cost by channel, model and currency.")
        guard let oldest = status.oldest, let newest = status.newest else {
            return [requests, units, costs]
        }
        let end = Timestamp(milliseconds: newest.milliseconds + 1)
        let sums = try SettledSums(self, SumQuery(boundaries: [oldest, end]))
        var bills: [[String]: LedgerBill] = [:]
        for part in sums.parts {
            bills[[part.group.channel, part.group.model], default: LedgerBill()].add(
                part.group, settlement: part.settlement)
        }
        for (names, bill) in bills.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let (channel, model) = (("channel", names[0]), ("model", names[1]))
            requests.add("\(bill.usage.requests)", channel, model)
            for (meter, count) in bill.usage.counts.pairs {
                units.add("\(count)", channel, model, ("meter", meter.name))
            }
            let settled = try bill.costs(sums.settlements).settled
            for (currency, cost) in settled.sorted(by: { $0.key < $1.key }) {
                costs.add(
                    cost.money.amountText, channel, model, ("currency", currency.code))
            }
        }
        return [requests, units, costs]
    }

    private func monthMetrics() throws -> [Metric] {
        let zones = pricing.book.zones
        let today = try zones.wallClock(of: pricing.zone, at: pricing.now).date
        let start = try zones.startOfDay(today.firstOfMonth, in: pricing.zone)
        let end = Timestamp(milliseconds: max(pricing.now.milliseconds, start.milliseconds) + 1)
        let spent = try LedgerSpending(self).spent(
            from: start, to: end, matching: EventFilter())
        var month = Metric("month_cost", "Known cost of this month so far, by currency.")
        for money in spent.amounts {
            month.add(money.amountText, ("currency", money.currency.code))
        }
        var without = Metric(
            "month_incomplete_events", "Events of this month without a cost, or without all of it.")
        without.add("\(spent.incompleteEvents)")
        return [month, without]
    }

    private func budgetMetrics(
        _ budgets: [Budget], _ held: any BudgetReservations
    ) throws -> [Metric] {
        guard !budgets.isEmpty else { return [] }
        let parts = [
            ("limit", "What a budget allows in its period."),
            ("spent", "What is spent of it, as far as it is known."),
            ("reserved", "What is held for requests under way."),
            ("remaining", "What is left of it."),
        ]
        var metrics = parts.map { Metric("budget_" + $0.0, $0.1) }
        let answer = try self.budgets(Parameters([:], spelling: .fields), budgets, held: held)
        for row in answer.rows {
            let name = row["budget"]?.textValue ?? ""
            for (place, part) in parts.enumerated() {
                let tail = part.0 == "remaining" ? "_at_most" : "_at_least"
                let known = row[part.0].flatMap { $0 == .null ? nil : $0 } ?? row[part.0 + tail]
                guard let amount = known?["amount"]?.textValue,
                    let currency = known?["currency"]?.textValue
                else { continue }
                metrics[place].add(amount, ("budget", name), ("currency", currency))
            }
        }
        return metrics
    }
}
