import Accounting
import Pricing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A report that is drawn over itself whenever it changes, on a screen of its own, until Ctrl-C.
struct LiveScreen {
    let everySeconds: Int32

    private static let defaultSeconds: Int32 = 2
    private static let secondsRange: ClosedRange<Int32> = 1...3600

    /// `5s` or `1m`; throws where it is none, or stands without `--live`.
    static func seconds(_ text: String?, isLive: Bool) throws -> Int32 {
        guard let text else { return defaultSeconds }
        guard isLive else {
            throw QuestionError.invalid(field: "--every", problem: "is for --live alone")
        }
        let unit: Int32? = text.hasSuffix("s") ? 1 : text.hasSuffix("m") ? 60 : nil
        guard let unit, let count = Int32(text.dropLast()), (1...3600).contains(count),
            secondsRange.contains(count * unit)
        else {
            throw QuestionError.invalid(
                field: "--every",
                problem: "\(quoted(text)) is not a span from 1s to 60m, such as 5s or 1m")
        }
        return count * unit
    }

    static func requireTerminal(_ format: OutputFormat) throws {
        guard format == .table else {
            throw QuestionError.invalid(
                field: "--live", problem: "draws a table; leave --format out")
        }
        guard Terminal.stdoutIsTerminal else {
            throw QuestionError.invalid(
                field: "--live",
                problem: "draws on a terminal, and standard output is none; leave it out")
        }
        guard !Terminal.isDumb else {
            throw QuestionError.invalid(
                field: "--live",
                problem:
                    "a terminal whose TERM is dumb, or not set, cannot be drawn on; leave it out")
        }
    }

    /// Draws what `next` answers, each time it answers, until Ctrl-C, which ends the process with 0.
    func run(_ next: () throws -> Answer?) throws {
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH])
        // Fails on the screen that was there, where the question cannot be answered at all.
        var report = try next().map(Self.settled)
        let keys = KeyEcho()
        func open() throws {
            keys.turnOff()
            try Terminal.write(Array(Self.opening.utf8))
        }
        func close() {
            try? Terminal.write(Array(Self.closing.utf8))
            keys.restore()
        }
        do {
            try open()
            if let report { try draw(report) }
            while true {
                switch signals.wait(seconds: everySeconds) {
                case nil:
                    guard let changed = try next().map(Self.settled) else { continue }
                    report = changed
                case SIGWINCH: break
                case SIGTSTP:
                    close()
                    kill(getpid(), SIGSTOP)
                    try open()
                case SIGINT:
                    close()
                    Terminal.end(0)
                case .some(let signal):
                    close()
                    Terminal.end(128 + signal)
                }
                if let report { try draw(report) }
            }
        } catch {
            close()
            throw error
        }
    }

    /// The report as it is now: drawn again on another width, it asks nobody.
    private static func settled(_ answer: Answer) throws -> Report {
        var report = answer.report.forPeople
        if Terminal.hasBlocks {
            let trends = try report.trends()
            report.trends = { trends }
        }
        return report
    }

    /// The other screen, no cursor, and lines that are cut rather than wrapped.
    private static let opening = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let closing = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// One write, so that nobody sees half of it: each line over the one that was there.
    private func draw(_ report: Report) throws {
        let (columns, height) = Terminal.size
        let table = try TableRenderer(
            width: columns, hasColour: Terminal.hasColour, hasBlocks: Terminal.hasBlocks
        ).render(report)
        var lines = table.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map(String.init)
        let room = max(height - 1, 1)
        if lines.count > room {
            let hidden = lines.count - room + 1
            lines = lines.prefix(room - 1) + ["… \(hidden) more lines"]
        }
        lines.append("looks every \(everySeconds) s; Ctrl-C ends")
        // A terminal would put the end of a line on top of its last place: an amount must not be read there.
        lines = lines.map { TableRenderer.cut($0, to: columns) }
        // Cleared before it is written: behind a full line the cursor still stands on its last place.
        let start = "\u{1B}[K"
        try Terminal.write(
            Array("\u{1B}[H\(start)\(lines.joined(separator: "\r\n\(start)"))\u{1B}[J".utf8))
    }
}

/// Whether keys are shown as they are typed: over a drawing they only disturb.
private final class KeyEcho {
    private var before: termios?

    func turnOff() {
        var state = termios()
        guard Terminal.stdinIsTerminal, tcgetattr(0, &state) == 0 else { return }
        before = state
        state.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(0, TCSANOW, &state)
    }

    func restore() {
        guard var before else { return }
        // What was typed meanwhile is nobody's command.
        tcsetattr(0, TCSAFLUSH, &before)
    }
}
