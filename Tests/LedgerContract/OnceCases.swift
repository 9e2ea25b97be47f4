import Accounting
import Pricing

extension LedgerContract {
    /// Each event is there exactly once, and a total is the sum of what stands.
    static let onceCases = [
        Case(description: "keeps an event once") { ledger in
            let entry = try entry(1)
            try expectEqual(try append(entry, to: ledger), [.new])
            try expectEqual(try append(entry, to: ledger), [.same])
            try expectEqual(try append(entry, entry, to: ledger), [.same, .same])
            let total = try total(ledger)
            try expectEqual(total.requests, 1)
            try expectEqual(total.counts, [.input: 100, .output: 10])
            try expectEqual(try ledger.entry(entry.event.id, account: account), entry)
            try expectWhole(ledger)
        },
        Case(description: "keeps an event once that comes twice in one append") { ledger in
            let entry = try entry(1)
            try expectEqual(try append(entry, entry, to: ledger), [.new, .same])
            try expectEqual(try total(ledger).requests, 1)
        },
        Case(description: "keeps what two requests that look alike used") { ledger in
            try expectEqual(try append(try entry(1), try entry(2), to: ledger), [.new, .new])
            try expectEqual(try total(ledger).counts, [.input: 200, .output: 20])
        },
        Case(description: "keeps all of an append or nothing") { ledger in
            var lost = try entry(2)
            lost.line = RateLine(
                id: "nowhere", channel: "shop", model: "plain", currency: .usd,
                validFrom: noon, rates: Rates())
            do {
                _ = try append(try entry(1), lost, to: ledger)
                throw Violation(description: "a line that is not there was taken")
            } catch let error as LedgerError {
                try expectEqual(error, .unknownLine("nowhere"))
            }
            try expectEqual(try total(ledger).requests, 0)
            // What was begun then does not linger.
            try expectEqual(try append(try entry(1, project: "web"), to: ledger), [.new])
            try expectEqual(
                try sum(
                    ledger, from: noon, EventFilter([.project: ["web"]])
                ).requests, 1)
            try expectWhole(ledger)
        },
        Case(description: "gives back what it was given") { ledger in
            var entry = try entry(
                7, project: "wéb=\n1", user: "", tags: ["a=b": "c\\n\nd", "é": ""])
            entry.event.vendorID = "chatcmpl-1"
            entry.event.durationMilliseconds = 4_200
            entry.event.firstTokenMilliseconds = 0
            entry.event.modelAnswered = "plain-2025-10-01"
            entry.event.serviceTierAsked = "auto"
            entry.event.attributes = ["speed": "fast"]
            entry.event.method = "bytes/4"
            entry.event.vendorCost = try Money("0.000280", .usd)
            try entry.event.usage.add(3, of: .webSearch)
            entry.pricedBy = .answered
            try expectEqual(try append(entry, to: ledger), [.new])
            try expectEqual(try ledger.entry(entry.event.id, account: account), entry)
            try expectEqual(
                try total(ledger).counts, [.input: 100, .output: 10, .webSearch: 3])
            try expectWhole(ledger)
        },
        Case(description: "keeps accounts apart") { ledger in
            let entry = try entry(1)
            try expectEqual(
                try ledger.append([entry], account: "one", durability: .normal), [.new])
            try expectEqual(
                try ledger.append([entry], account: "two", durability: .normal), [.new])
            try expectEqual(try total(ledger, account: "one").requests, 1)
            try expectEqual(try total(ledger, account: "three").requests, 0)
            try expectEqual(try ledger.status(account: "two").rows, 1)
        },
        Case(description: "keeps an event without a price, and its names") { ledger in
            let entry = try entry(1, model: "brand-new", isPriced: false)
            try expectEqual(try append(entry, to: ledger), [.new])
            let groups = try ledger.sums(
                SumQuery(boundaries: [noon, noon.plus(1)]), account: account)
            try expectEqual(groups.map(\.model), ["brand-new"])
            try expect(groups[0].line == nil, "a line was made up")
            try expectEqual(try ledger.status(account: account).unpriced, 1)
        },
        Case(description: "knows the rate lines that were loaded, and those that events have") {
            ledger in
            let lines = try rates.lines.map(\.line)
            try expectEqual(try ledger.line("L2"), lines[1])
            try expectEqual(try ledger.line("nowhere"), nil)
            try expectEqual(try ledger.lines(account: account), [])
            _ = try append(try entry(1), try entry(2, isPriced: false), to: ledger)
            try expectEqual(try ledger.lines(account: account), [lines[0]])
        },
        Case(description: "knows nothing of an id that never came") { ledger in
            try expectEqual(try ledger.entry(try entry(1).event.id, account: account), nil)
            _ = try append(try entry(1), to: ledger)
            try expectEqual(try ledger.entry(try entry(2).event.id, account: account), nil)
        },
    ]
}

extension MeterCounts: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (Meter, Int128)...) {
        self.init()
        for (meter, count) in elements { add(count, of: meter) }
    }
}
