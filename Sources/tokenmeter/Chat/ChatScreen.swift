import Synchronization

/// Shows an answer on stdout as it comes.
final class ChatScreen: Sendable {
    private struct State {
        var isAtLineStart = true
        var isPipeClosed = false
    }

    private let state = Mutex(State())
    private let isTerminal = Terminal.stdoutIsTerminal

    var isPipeClosed: Bool { state.withLock { $0.isPipeClosed } }

    struct PipeClosed: Error {}

    /// Throws where nobody reads any more, so that the answer is ended and paid no further.
    func show(_ text: String) throws {
        guard !text.isEmpty else { return }
        let shown = isTerminal ? Self.harmless(text) : text
        try state.withLock { state in
            state.isAtLineStart = text.utf8.last == 0x0A
            guard try Terminal.pass(Array(shown.utf8)) else {
                state.isPipeClosed = true
                throw PipeClosed()
            }
        }
    }

    /// What follows stands on a line of its own.
    func endLine() {
        state.withLock { state in
            guard !state.isAtLineStart, !state.isPipeClosed else { return }
            state.isAtLineStart = true
            do {
                state.isPipeClosed = !(try Terminal.pass([0x0A]))
            } catch {
                Terminal.note("note: \(error)")
            }
        }
    }

    /// The text of a model may hold sequences that command a terminal; there they are shown as signs.
    static func harmless(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 || $0 >= 0x7F })
        else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            shown.append(isControl && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar)
        }
        return String(shown)
    }
}
