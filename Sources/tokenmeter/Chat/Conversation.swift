import Accounting
import ArgumentParser
import Pricing
import StreamClient

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Questions of a person at a terminal, one line each, until `/quit` or the end of the input.
struct Conversation {
    /// As a shell tells that nobody read any more.
    static let closedPipe: Int32 = 128 + SIGPIPE

    private var session: ChatSession
    private var typed = TypedLines()

    init(_ session: ChatSession) { self.session = session }

    private static let help = """
        /context TEXT   tell the model something besides
        /model NAME     ask another model of the same channel
        /cost           what this session came to
        /quit           end it
        """

    consuming func run() async throws {
        Terminal.note("\(session.model): ask; /help lists commands, Ctrl-C ends an answer")
        while let line = try prompted() {
            guard line.contains(where: { !$0.isWhitespace }) else { continue }
            guard line.hasPrefix("/") else {
                let end = try await session.ask(line)
                if end.isPipeClosed { throw ExitCode(Self.closedPipe) }
                if let signal = end.signal, signal != SIGINT { throw ExitCode(128 + signal) }
                if end.signal == nil, let failure = end.failure {
                    Terminal.note("error: \(failure)")
                }
                continue
            }
            guard try await follow(line) else { break }
        }
        await session.close()
    }

    /// Whether the conversation goes on.
    private mutating func follow(_ line: String) async throws -> Bool {
        let words = line.split(separator: " ", maxSplits: 1)
        let rest = words.count > 1 ? String(words[1]) : ""
        switch words[0] {
        case "/quit", "/exit": return false
        case "/help": Terminal.note(Self.help)
        case "/cost": Terminal.note(session.ledger.session.description)
        case "/model" where rest.isEmpty: Terminal.note(session.model)
        case "/model":
            do {
                try session.choose(model: rest)
            } catch {
                Terminal.note("error: \(error)")
            }
        case "/context" where rest.isEmpty: Terminal.note("error: /context wants a text behind it")
        case "/context":
            do {
                try await session.add(context: rest)
            } catch {
                Terminal.note("error: \(error)")
            }
        default:
            Terminal.note("error: no command \(quoted(String(words[0]))); /help lists them")
        }
        return true
    }

    private mutating func prompted() throws -> String? {
        guard try Terminal.pass(Array("> ".utf8)) else { return nil }
        return try typed.next()
    }
}

/// Lines of stdin. The library's own reader keeps its lock while it waits, and with it the end of the
/// program, which wants to write out what is buffered.
private struct TypedLines {
    /// A longer line is taken in pieces.
    private static let maximumBytes = 1 << 20

    private var bytes: [UInt8] = []
    private var isAtEnd = false

    mutating func next() throws -> String? {
        while true {
            if let end = bytes.firstIndex(of: 0x0A) ?? (isFull ? bytes.count : nil) {
                defer { bytes.removeFirst(min(end + 1, bytes.count)) }
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
            guard !isAtEnd else {
                defer { bytes = [] }
                return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
            }
            var block = [UInt8](repeating: 0, count: 4_096)
            let count = try block.withUnsafeMutableBytes {
                try Terminal.read(into: $0, descriptor: 0, path: "standard input")
            }
            isAtEnd = count == 0
            bytes += block[..<count]
        }
    }

    private var isFull: Bool { bytes.count >= Self.maximumBytes }
}
