import Pricing

/// Made-up but plausible usage of the last weeks: the same events for the same day, whenever it is
/// asked, so that a second demo only adds the days since.
package struct DemoEvents {
    package static let source = "demo"
    package static let days = 60

    private struct Habit {
        let project: String
        let model: String
        let channel: String
        let users: [String]
        /// On a working day.
        let requests: Int
        let input: ClosedRange<Int64>
        let cachedPercent: ClosedRange<Int64>
        let output: ClosedRange<Int64>
    }

    private static let habits = [
        Habit(
            project: "support", model: "gpt-4.1", channel: "openai", users: ["ann", "bo"],
            requests: 60, input: 800...6_000, cachedPercent: 20...80, output: 60...700),
        Habit(
            project: "web", model: "gemini-2.5-flash", channel: "google", users: ["chen"],
            requests: 40, input: 300...3_000, cachedPercent: 0...40, output: 40...400),
        Habit(
            project: "code", model: "claude-sonnet-4.5", channel: "anthropic",
            users: ["ann", "dana"], requests: 25, input: 5_000...90_000, cachedPercent: 60...95,
            output: 200...4_000),
        Habit(
            project: "nightly", model: "deepseek-v4-pro", channel: "deepseek", users: [],
            requests: 20, input: 2_000...20_000, cachedPercent: 0...50, output: 300...2_500),
        Habit(
            project: "web", model: "gpt-4.1", channel: "holysheep", users: ["chen"], requests: 8,
            input: 200...1_500, cachedPercent: 0...0, output: 50...600),
    ]

    private let now: Timestamp

    package init(until now: Timestamp) { self.now = now }

    /// In the order of their time; throws what `body` throws.
    package func forEach(_ body: (UsageEvent) throws -> Void) throws {
        let today = now.utcDate
        for day in stride(from: Self.days - 1, through: 0, by: -1) {
            let date = today.advanced(byDays: -day)
            var dice = Dice(seed: UInt64(date.daysSinceEpoch))
            for event in try events(of: date, &dice) where event.start < now { try body(event) }
        }
    }

    private func events(of date: CivilDate, _ dice: inout Dice) throws -> [UsageEvent] {
        let isWeekend = [.sat, .sun].contains(date.weekday)
        var events: [UsageEvent] = []
        for habit in Self.habits {
            let usual = isWeekend ? max(habit.requests / 5, 1) : habit.requests
            for _ in 0..<Int(dice.roll(Int64(usual * 7 / 10)...Int64(usual * 13 / 10))) {
                events.append(try event(habit, on: date, &dice))
            }
        }
        return events.sorted { $0.start < $1.start }
    }

    private func event(
        _ habit: Habit, on date: CivilDate, _ dice: inout Dice
    ) throws -> UsageEvent {
        // Between eight in the morning and eight in the evening; the night's work at two.
        let minute = habit.project == "nightly" ? dice.roll(120...180) : dice.roll(480...1_200)
        let start = Timestamp(
            milliseconds: Timestamp(date).milliseconds + minute * 60_000 + dice.roll(0...59_999))
        let known: Known =
            switch dice.roll(0...199) {
            case 0: .unknown
            case 1...2: .partial
            case 3: .estimated
            default: .reported
            }
        var usage = Usage()
        if known != .unknown {
            let input = dice.roll(habit.input)
            let cached = input * dice.roll(habit.cachedPercent) / 100
            try usage.add(input - cached, of: .input)
            try usage.add(cached, of: .cachedInput)
            try usage.add(dice.roll(habit.output), of: .output)
        }
        let duration = dice.roll(900...22_000)
        return UsageEvent(
            id: EventID(
                mintedAt: start, using: &dice), start: start, durationMilliseconds: duration,
            firstTokenMilliseconds: dice.roll(150...900), channel: habit.channel,
            modelAsked: habit.model, usage: usage, known: known,
            method: known == .estimated ? "made up" : nil, source: Self.source,
            project: habit.project,
            user: habit.users.isEmpty
                ? nil : habit.users[Int(dice.roll(0...Int64(habit.users.count - 1)))])
    }

    /// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>, checked 2026-11-23).
    private struct Dice: RandomNumberGenerator {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }

        mutating func roll(_ range: ClosedRange<Int64>) -> Int64 {
            .random(in: range, using: &self)
        }
    }
}
