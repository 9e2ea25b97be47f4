/// The body's answer, as soon as it has one. The limit only ends a test that fails: where all tests
/// run at once on two cores, a process may wait a minute for its turn.
func eventually<Answer>(
    _ what: @autoclosure () -> String, _ body: () async throws -> Answer?
) async throws -> Answer {
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(120)
    while true {
        // Asked behind the deadline once more: a busy machine may wake nobody for a while.
        let isLate = clock.now > deadline
        if let answer = try await body() { return answer }
        if isLate { throw NeverHappened(description: "waited two minutes for \(what())") }
        try await Task.sleep(for: .milliseconds(20))
    }
}

struct NeverHappened: Error, CustomStringConvertible {
    let description: String
}
