import Foundation
import Synchronization

/// Ctrl-C and the signals of its kind, which end an answer before they end the program: what was used
/// is kept first.
final class Interrupts: Sendable {
    private struct State {
        var onSignal: (@Sendable () -> Void)?
        var first: Int32?
    }

    private let state = Mutex(State())
    /// The signal that came first while an answer was under way; `nil` where none did.
    var received: Int32? { state.withLock { $0.first } }

    /// Throws `FileError` where no pipe can be had.
    init() throws {
        // A reader that has enough is seen where something is written.
        signal(SIGPIPE, SIG_IGN)
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP])
        Thread.detachNewThread { [weak self] in
            while true {
                guard let number = signals.wait(seconds: Self.patienceSeconds) else { continue }
                guard let self else { Terminal.end(128 + number) }
                act(on: number)
            }
        }
    }

    /// Between two looks at nothing.
    private static let patienceSeconds: Int32 = 3_600

    /// Runs `work` so that a signal cancels it, rather than ending the program, and then `keep`, which
    /// none disturbs.
    func during<T: Sendable, R>(
        _ work: @escaping @Sendable () async -> T, keep: (T) throws -> R
    ) async rethrows -> R {
        let task = Task { await work() }
        state.withLock {
            $0.first = nil
            $0.onSignal = { task.cancel() }
        }
        defer { state.withLock { $0.onSignal = nil } }
        return try keep(await task.value)
    }

    private func act(on number: Int32) {
        let onSignal = state.withLock { state in
            if state.onSignal != nil { state.first = state.first ?? number }
            return state.onSignal
        }
        guard let onSignal else { Terminal.end(128 + number) }
        onSignal()
    }
}
