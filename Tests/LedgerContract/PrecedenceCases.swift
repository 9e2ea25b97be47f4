import Accounting
import JSONBytes
import Pricing

extension LedgerContract {
    /// What is known better takes the place of what is known less well.
    static let precedenceCases = [
        Case(description: "a larger snapshot takes the place of a smaller one") { ledger in
            try expectEqual(try append(try entry(1, output: 1), to: ledger), [.new])
            try expectEqual(try append(try entry(1, output: 300), to: ledger), [.superseded])
            let total = try total(ledger)
            try expectEqual(total.requests, 1)
            try expectEqual(total.counts, [.input: 100, .output: 300])
            try expectEqual(try append(try entry(1, output: 300), to: ledger), [.same])
            try expectEqual(try append(try entry(1, output: 301), to: ledger), [.superseded])
            try expectEqual(try LedgerContract.total(ledger).counts[.output], 301)
            try expectEqual(try ledger.status(account: account).corrections, 2)
            try expectWhole(ledger)
        },
        Case(description: "a smaller snapshot that comes late changes nothing") { ledger in
            _ = try append(try entry(1, output: 300), to: ledger)
            try expectEqual(try append(try entry(1, output: 1), to: ledger), [.outranked])
            try expectEqual(try total(ledger).counts[.output], 300)
            try expectEqual(try ledger.status(account: account).conflicts, 0)
        },
        Case(description: "one meter more and another less is a conflict") { ledger in
            _ = try append(try entry(1, input: 100, output: 10), to: ledger)
            let other = try entry(1, input: 90, output: 20)
            try expectEqual(try append(other, to: ledger), [.conflict])
            try expectEqual(try append(other, to: ledger), [.conflict])
            try expectEqual(try total(ledger).counts, [.input: 100, .output: 10])
            // Told once.
            try expectEqual(try ledger.status(account: account).conflicts, 1)
            try expectWhole(ledger)
        },
        Case(description: "another model under the same id is a conflict") { ledger in
            _ = try append(try entry(1), to: ledger)
            let other = try entry(1, model: "least", input: 1000)
            try expectEqual(try append(other, to: ledger), [.conflict])
            try expectEqual(try total(ledger).counts[.input], 100)
        },
        Case(description: "the same content at another time is a conflict") { ledger in
            _ = try append(try entry(1), to: ledger)
            try expectEqual(
                try append(try entry(1, at: noon.plus(1)), to: ledger), [.conflict])
        },
        Case(description: "an id is claimed once, whatever time its events tell") { ledger in
            let minted = EventID(mintedAt: noon)
            for id in [minted, try entry(1).event.id] {
                var (first, moved, later) = (try entry(1), try entry(1), try entry(1, output: 300))
                for days in [1, -40] as [Int64] {
                    moved.event.start = noon.plus(days * 86_400_000)
                    (first.event.id, moved.event.id, later.event.id) = (id, id, id)
                    _ = try append(first, to: ledger)
                    try expectEqual(try append(moved, to: ledger), [.conflict])
                }
                // It is found under the id alone, and so is what corrects it.
                try ledger.correct([moved], reason: "moved", account: account)
                try expectEqual(try ledger.entry(id, account: account), moved)
                try expectEqual(try append(moved, to: ledger), [.same])
            }
            try expectEqual(try total(ledger).requests, 2)
            try expectEqual(try ledger.status(account: account).conflicts, 4)
            try expectWhole(ledger)
        },
        Case(description: "tells what contradicts an event, beside the event") { ledger in
            let (kept, other) = (try entry(1), try entry(1, input: 90, output: 20))
            _ = try append(kept, other, to: ledger)
            try expectEqual(try ledger.conflicts(account: account), 1)
            var told: [(LedgerEntry?, JSONValue)] = []
            try ledger.forEachConflict(account: account, limit: 10) { told.append(($0, $1)) }
            try expectEqual(told.map(\.0), [kept])
            try expectEqual(told.map { $0.1["usage"]?["output"] }, [.integer(20)])
            try expectEqual(try ledger.conflicts(account: "nobody"), 0)
        },
        Case(description: "what somebody corrected stands, whatever is brought in again") {
            ledger in
            let (wrong, right) = (try entry(1, output: 10_000), try entry(1, output: 10))
            _ = try append(wrong, to: ledger)
            try ledger.correct([right], reason: "counted twice", account: account)
            for again in [wrong, try entry(1, output: 20_000), try entry(1, input: 1, output: 99)] {
                try expectEqual(try append(again, to: ledger), [.outranked])
            }
            try expectEqual(try append(right, to: ledger), [.same])
            try expectEqual(try ledger.entry(right.event.id, account: account), right)
            try expectEqual(try ledger.conflicts(account: account), 0)
            try expectWhole(ledger)
        },
        Case(description: "what was only priced anew grows with its next snapshot") { ledger in
            let unpriced = try entry(1, isPriced: false)
            _ = try append(unpriced, to: ledger)
            try ledger.correct([try entry(1)], reason: "repriced", account: account)
            try expectEqual(try append(try entry(1, output: 300), to: ledger), [.superseded])
            try expectEqual(try total(ledger).counts[.output], 300)
            try expectWhole(ledger)
        },
        Case(description: "reported goes before partial, estimated and unknown") { ledger in
            let ranks: [Known] = [.unknown, .estimated, .partial, .reported]
            for (place, known) in ranks.enumerated() {
                let outcome = try append(
                    try entry(1, output: Int64(50 - place * 10), known: known), to: ledger)
                try expectEqual(outcome, [place == 0 ? .new : .superseded])
            }
            for known in ranks.dropLast() {
                let outcome = try append(try entry(1, output: 9_999, known: known), to: ledger)
                try expectEqual(outcome, [.outranked])
            }
            try expectEqual(try total(ledger).counts[.output], 20)
            try expectEqual(try ledger.status(account: account).known, [.reported: 1])
            try expectWhole(ledger)
        },
    ]

    /// A correction takes back and puts in place; nothing is lost on the way.
    static let correctionCases = [
        Case(description: "a correction counts instead of what it corrects") { ledger in
            _ = try append(try entry(1), try entry(2), to: ledger)
            var right = try entry(1, model: "least", input: 7, output: 0, project: "other")
            right.event.usage = try Usage([.input: 7])
            try ledger.correct([right], reason: "the wrong model was noted", account: account)
            let total = try total(ledger)
            try expectEqual(total.requests, 2)
            try expectEqual(total.counts, [.input: 107, .output: 10])
            // 7 tokens of a model with a least of 100.
            try expectEqual(total.minimums, [.input: 93])
            try expectEqual(try ledger.entry(right.event.id, account: account), right)
            var seen: [LedgerEntry] = []
            try ledger.forEachEntry(
                from: noon, to: noon.plus(1), matching: EventFilter(), account: account
            ) { seen.append($0) }
            try expectEqual(seen.map(\.model), ["plain", "least"])
            try expectWhole(ledger)
        },
        Case(description: "a correction can be corrected") { ledger in
            _ = try append(try entry(1), to: ledger)
            for output in [20, 5, 30] as [Int64] {
                try ledger.correct(
                    [try entry(1, output: output)], reason: "counted again", account: account)
            }
            let total = try total(ledger)
            try expectEqual(total.requests, 1)
            try expectEqual(total.counts, [.input: 100, .output: 30])
            try expectWhole(ledger)
        },
        Case(description: "what never came cannot be corrected") { ledger in
            let entry = try entry(1)
            do {
                try ledger.correct([entry], reason: "why not", account: account)
                throw Violation(description: "nothing was corrected, and nobody said so")
            } catch let error as LedgerError {
                try expectEqual(error, .unknownEvent(entry.event.id.text))
            }
        },
    ]
}
