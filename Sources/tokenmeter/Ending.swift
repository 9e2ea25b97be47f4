import UnixSignals

/// The end of a command that serves until it is asked to stop.
enum Ending {
    /// Returns at SIGTERM or SIGINT, or after `limit`.
    static func wait(atMost limit: Duration?) async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals { return } }
            if let limit {
                // Cancelled where a signal comes first.
                group.addTask { try? await Task.sleep(for: limit) }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
