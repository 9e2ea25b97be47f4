import Accounting
import Pricing

extension LedgerContract {
    /// The hour after noon, events of project web alone.
    private static let window = BudgetWindow(
        name: "web", boundaries: [noon, noon.plus(1_800_000), noon.plus(3_600_000)],
        filter: EventFilter([.project: ["web"]]))

    private static func usd(_ text: String) throws -> Money { try Money(text, .usd) }

    private static func reservation(
        _ id: UInt64, _ amount: String, owner: String = "one", lease: Int64 = 60_000,
        isSent: Bool = false
    ) throws -> Reservation {
        var event = try entry(id, input: 0, output: 0, known: .unknown, project: "web").event
        event.usage = Usage()
        return Reservation(
            event: event, owner: owner, leaseUntil: noon.plus(lease), isSent: isSent,
            holds: [Reservation.Hold(window, try usd(amount))])
    }

    /// Whether an amount fits under 1.00 USD beside what is held.
    private static func reserve(
        _ id: UInt64, _ amount: String, in ledger: Store
    ) throws -> Bool {
        try ledger.reserve(try reservation(id, amount), account: account) { states in
            let held = states[0].reserved[.usd] ?? .zero(.usd)
            return try held.adding(try usd(amount)).attos <= usd("1").attos
        }
    }

    private static func held(_ ledger: Store) throws -> Int128 {
        try ledger.state(of: window, account: account).reserved[.usd]?.attos ?? 0
    }

    static let reservationCases = [
        Case(description: "what is held counts until the event is kept") { ledger in
            try expect(try reserve(1, "0.6", in: ledger), "0.60 fits under 1.00")
            try expect(!(try reserve(2, "0.5", in: ledger)), "0.50 does not fit beside it")
            try expectEqual(try held(ledger), try usd("0.6").attos)
            try expectEqual(
                try append(try entry(1, project: "web"), to: ledger), [.new])
            try expectEqual(try held(ledger), 0)
            try expect(try reserve(2, "0.5", in: ledger), "0.50 fits now")
            try expectWhole(ledger)
        },
        Case(description: "what is held under a budget's name is told for its period alone") {
            ledger in
            let web = { try ledger.held(under: "web", at: $0, account: account) }
            try expectEqual(try web(noon), [:])
            try expect(try reserve(1, "0.6", in: ledger), "it is held")
            try expectEqual(try web(noon), [.usd: try usd("0.6")])
            try expectEqual(try web(noon.plus(3_599_999)), [.usd: try usd("0.6")])
            try expectEqual(try web(noon.plus(3_600_000)), [:])
            try expectEqual(try web(noon.plus(-1)), [:])
            try expectEqual(try ledger.held(under: "app", at: noon, account: account), [:])
            _ = try append(try entry(1, project: "web"), to: ledger)
            try expectEqual(try web(noon), [:])
        },
        Case(description: "twenty of two hundred twentieths pass") { ledger in
            let passed = try (1...200).filter { try reserve($0, "0.05", in: ledger) }
            try expectEqual(passed.count, 20)
            try expectEqual(try held(ledger), try usd("1").attos)
            try ledger.release(passed.prefix(3).map { try entry($0).event.id }, account: account)
            try expectEqual(try held(ledger), try usd("0.85").attos)
            try expectWhole(ledger)
        },
        Case(description: "a request cannot be held twice") { ledger in
            try expect(try reserve(1, "0.1", in: ledger), "it is held")
            do {
                _ = try reserve(1, "0.1", in: ledger)
                throw Violation(description: "it was held twice")
            } catch let error as LedgerError {
                try expectEqual(error, .alreadyReserved(try entry(1).event.id.text))
            }
            try expectEqual(try held(ledger), try usd("0.1").attos)
        },
        Case(description: "of requests held together each has its own answer") { ledger in
            // 1 and 3 fit under 1.00, 2 does not beside 1, 1 is there already, and nobody can say
            // what 4 is: none of them takes another with it.
            struct Unclear: Error {}
            let asked: [(UInt64, String)] = [
                (1, "0.6"), (2, "0.5"), (1, "0.1"), (4, "9"), (3, "0.4"),
            ]
            let answers = try ledger.reserve(
                try asked.map { try reservation($0, $1) }, account: account
            ) { place, states in
                if asked[place].1 == "9" { throw Unclear() }
                let held = states[0].reserved[.usd] ?? .zero(.usd)
                return try held.adding(try usd(asked[place].1)).attos <= usd("1").attos
            }
            let words = answers.map { answer in
                switch answer {
                case .success(let isHeld): isHeld ? "held" : "refused"
                case .failure(is LedgerError): "already held"
                case .failure: "unclear"
                }
            }
            try expectEqual(words, ["held", "refused", "already held", "unclear", "held"])
            try expectEqual(try held(ledger), try usd("1").attos)
            try ledger.release([try entry(1).event.id], account: account)
            try expectEqual(try held(ledger), try usd("0.4").attos)
            try expectWhole(ledger)
        },
        Case(description: "an unknown event holds its reserve until it is corrected") { ledger in
            try expect(try reserve(1, "0.6", in: ledger), "it is held")
            let unknown = try reservation(1, "0.6").event
            let lost = LedgerEntry(
                event: unknown, channel: "shop", model: "plain", line: nil)
            try expectEqual(try append(lost, to: ledger), [.new])
            try expectEqual(try held(ledger), try usd("0.6").attos)
            try expectEqual(
                try ledger.expired(at: noon.plus(1_000_000_000), account: account).count, 0)
            try expectWhole(ledger)
            // What the vendor said later takes the place of what nobody knew.
            try expectEqual(
                try append(try entry(1, project: "web"), to: ledger), [.superseded])
            try expectEqual(try held(ledger), 0)
            try expectWhole(ledger)
        },
        Case(description: "an event whose input nobody reported holds its reserve too") { ledger in
            try expect(try reserve(1, "0.6", in: ledger), "it is held")
            var cut = try entry(1, input: 0, output: 10, known: .estimated, project: "web")
            try cut.event.usage.add(1, of: .unreportedInput)
            try expectEqual(try append(cut, to: ledger), [.new])
            try expectEqual(try held(ledger), try usd("0.6").attos)
            try expectWhole(ledger)
            try ledger.correct(
                [try entry(1, project: "web")], reason: "the vendor's invoice", account: account)
            try expectEqual(try held(ledger), 0)
            try expectWhole(ledger)
        },
        Case(description: "an event without a rate holds its reserve until it has one") { ledger in
            let id = try entry(1).event.id
            try expect(!ledger.isHeld(id, account: account), "nothing is held for it yet")
            try expect(try reserve(1, "0.6", in: ledger), "it is held")
            try expect(try ledger.isHeld(id, account: account), "its id is found")
            try expect(!ledger.isHeld(id, account: "another"), "an account's own")
            try expect(!ledger.isHeld(entry(2).event.id, account: account), "not another id")
            try expectEqual(
                try append(try entry(1, project: "web", isPriced: false), to: ledger), [.new])
            try expect(try ledger.isHeld(id, account: account), "its event left it as it was")
            try expectEqual(try held(ledger), try usd("0.6").attos)
            // Of this line there are rates for tokens of text alone.
            try expect(try reserve(2, "0.3", in: ledger), "it is held")
            var sound = try entry(2, project: "web")
            try sound.event.usage.add(7, of: .audioOutput)
            try expectEqual(try append(sound, to: ledger), [.new])
            try expectEqual(try held(ledger), try usd("0.9").attos)
            try expectWhole(ledger)
            try ledger.correct(
                [try entry(1, project: "web"), try entry(2, project: "web")],
                reason: "rates came", account: account)
            try expectEqual(try held(ledger), 0)
            try expect(!ledger.isHeld(id, account: account), "nothing is held any more")
            try expectWhole(ledger)
        },
        Case(description: "the reservations of a dead owner are found, those of a live one not") {
            ledger in
            for (id, owner, isSent) in [(1, "dead", false), (2, "dead", true), (3, "live", true)] {
                let made = try reservation(UInt64(id), "0.1", owner: owner)
                _ = try ledger.reserve(made, account: account) { _ in true }
                if isSent { try ledger.markSent([made.event.id], account: account) }
            }
            try expectEqual(try ledger.expired(at: noon.plus(59_999), account: account).count, 0)
            try ledger.renew(owner: "live", until: noon.plus(120_000), account: account)
            let found = try ledger.expired(at: noon.plus(60_001), account: account)
            try expectEqual(found.map(\.isSent).sorted { !$0 && $1 }, [false, true])
            try expectEqual(Set(found.map(\.owner)), ["dead"])
            try expectEqual(found.map { $0.holds[0].amount }, [try usd("0.1"), try usd("0.1")])
            try expectEqual(found[0].holds[0].window.filter, window.filter)
            try expectEqual(Set(found.map(\.event.project)), ["web"])
        },
        Case(description: "a window counts its events, whenever they came") { ledger in
            _ = try append(
                try entry(1, project: "web"), try entry(2, project: "other"),
                try entry(3, at: noon.plus(-1), project: "web"), to: ledger)
            try compareWindow(with: ledger)
            // Events that come after it was asked for, and one that is corrected.
            _ = try append(
                try entry(4, at: noon.plus(3_599_999), project: "web"),
                try entry(5, at: noon.plus(3_600_000), project: "web"), to: ledger)
            try compareWindow(with: ledger)
            try ledger.correct(
                [try entry(1, input: 7, project: "web")], reason: "miscounted", account: account)
            try compareWindow(with: ledger)
            try expectWhole(ledger)
        },
    ]

    /// The state of the window holds what a plain sum over its time and filter gives.
    private static func compareWindow(with ledger: Store) throws {
        let query = SumQuery(boundaries: window.boundaries, filter: window.filter)
        func sums(_ groups: [UsageGroup]) -> [Int: UsageSum] {
            groups.reduce(into: [:]) { $0[$1.bucket, default: UsageSum()].add($1.sum) }
        }
        let expected = sums(try ledger.sums(query, account: account))
        try expect(!expected.isEmpty, "the window has events")
        try expectEqual(sums(try ledger.state(of: window, account: account).groups), expected)
    }
}
