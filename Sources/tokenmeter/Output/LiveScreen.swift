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
        guard Terminal.stdoutIsTerminal, !Terminal.isDumb else {
            throw QuestionError.invalid(
                field: "--live",
                problem: "draws on a terminal, and standard output is none; leave it out")
        }
    }

    /// Draws what `next` answers, each time it answers; it is told where an answer is wanted even if
    /// nothing changed. Ends the process with 0 on Ctrl-C.
    func run(_ next: (_ isWanted: Bool) throws -> Answer?) throws {
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP])
        // Fails before the screen is taken, where the question cannot be answered at all.
        var answer = try next(true)
        let keys = KeyEcho()
        func open() throws {
            keys.turnOff()
            try Terminal.write(Array(Self.opening.utf8))
        }
        func close() {
            try? Terminal.write(Array(Self.closing.utf8))
            keys.restore()
        }
        try open()
        do {
            while true {
                if let answer { try draw(answer) }
                switch signals.wait(seconds: everySeconds) {
                case nil: answer = try next(false)
                case SIGWINCH: answer = try next(true)
                case SIGTSTP:
                    close()
                    kill(getpid(), SIGSTOP)
                    try open()
                    answer = try next(true)
                case SIGINT:
                    close()
                    Terminal.end(0)
                case .some(let signal):
                    close()
                    Terminal.end(128 + signal)
                }
            }
        } catch {
            close()
            throw error
        }
    }

    /// The other screen, no cursor, and lines that are cut rather than wrapped.
    private static let opening = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    private static let closing = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// One write, so that nobody sees half of it: each line over the one that was there.
    private func draw(_ answer: Answer) throws {
        let (columns, height) = Terminal.size
        let table = try TableRenderer(
            width: columns, hasColour: Terminal.hasColour, hasBlocks: Terminal.hasBlocks
        ).render(answer.report.forPeople)
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

/// Signals as they come, one at a time, in place of what they would do.
private struct Signals {
    /// Made before the first handler is set: a handler may only write.
    private static let pipe: (read: Int32, write: Int32)? = {
        var ends: [Int32] = [0, 0]
        #if canImport(Darwin)
            let made = Darwin.pipe(&ends)
        #elseif canImport(Glibc)
            let made = Glibc.pipe(&ends)
        #elseif canImport(Musl)
            let made = Musl.pipe(&ends)
        #endif
        return made == 0 ? (ends[0], ends[1]) : nil
    }()

    init(_ numbers: [Int32]) throws {
        guard Self.pipe != nil else {
            throw FileError.unwritable(
                "the terminal", reason: String(cString: strerror(errno)))
        }
        for number in numbers {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                if let pipe = Signals.pipe { _ = write(pipe.write, &byte, 1) }
            }
        }
    }

    /// The next signal, or `nil` where none comes in time.
    func wait(seconds: Int32) -> Int32? {
        guard let pipe = Self.pipe else { return nil }
        var wanted = pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0)
        var byte: UInt8 = 0
        // An interrupted wait has its signal in the pipe.
        while poll(&wanted, 1, seconds * 1000) < 0, errno == EINTR {}
        guard wanted.revents & Int16(POLLIN) != 0, read(pipe.read, &byte, 1) == 1 else {
            return nil
        }
        return Int32(byte)
    }
}
