import Accounting
import ArgumentParser
import Foundation
import StandInUpstream
import StreamBench

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "A stand-in for a vendor on this machine, with set timing and faults.",
        discussion: """
            Example:
              tokenmeter simulate --port 8790 --tokens 20 --fault stall:5 --for 60s &
              curl -sN 127.0.0.1:8790/v1/chat/completions \\
                -d '{"model":"gpt-4.1","stream":true}'

            Serves POST …/chat/completions, …/responses, …/messages, …:generateContent and
            …:streamGenerateContent, and WebSockets at /v1/ws/chat. A request changes its
            own answer with the header X-Stand-In or the query parameter stand_in:
            tokens=5,fault=cut:400. Faults: \(Fault.spellings.joined(separator: ", ")) (N
            a count, D a duration).
            """)

    @Option(help: "An address of this machine: 127.0.0.1, ::1 or localhost.") var host = "127.0.0.1"
    @Option(help: "The port; 0 takes a free one.") var port = 8790
    @OptionGroup var plan: AnswerPlanOptions
    @Option(help: "How many requests the faults meet (default: all).") var faultTimes: Int?
    @Option(help: "Answer with the recorded stream of a file.") var replay: String?
    @Option(name: .customLong("for"), help: "End after so long, such as 60s.") var duration: String?
    @Flag(help: "Speak TLS, and HTTP/2 to who can, with a certificate made now.") var tls = false
    @Option(help: "Write what clients are to trust to a file, as PEM; implies --tls.")
    var certificate: String?
    @Option(help: "Cores to use.") var threads = 1

    func run() async throws {
        guard (0...65_535).contains(port) else {
            throw QuestionError.invalid(field: "--port", problem: "\(port) is not from 0 to 65535")
        }
        guard (1...64).contains(threads) else {
            throw QuestionError.invalid(
                field: "--threads", problem: "\(threads) is not from 1 to 64")
        }
        if let faultTimes, faultTimes < 0 {
            throw QuestionError.invalid(field: "--fault-times", problem: "\(faultTimes) is below 0")
        }
        OpenFiles.raiseLimit()
        let limit = try duration.map(Self.limit)
        let standIn = StandIn(
            plan: try plan.plan(), recording: try replay.map(Self.recording),
            faultTimes: faultTimes)
        let made = tls || certificate != nil ? try StandInCertificate() : nil
        if let made, let certificate { try Self.write(made.authorityPEM, to: certificate) }
        let server = try await StandInServer.start(
            standIn, host: host, port: port, certificate: made, threads: threads)
        let shownHost = host == "::1" ? "[::1]" : host
        let scheme = made == nil ? "http" : "https"
        Terminal.note("listening on \(scheme)://\(shownHost):\(server.port)")
        await Ending.wait(atMost: limit)
        await server.stop()
        let counts = standIn.counts
        Terminal.note(
            "answered \(counts.completed) of \(counts.requests) requests to the end; \(counts.broken) broke off"
        )
    }

    private static func limit(_ text: String) throws -> Duration {
        do {
            return try PlanText.duration(text)
        } catch {
            throw QuestionError.invalid(field: "--for", problem: error.description)
        }
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw FileError.unwritable(path, reason: error.localizedDescription)
        }
    }

    /// A recording is kept in memory.
    private static let maximumRecordingMegabytes = 256

    private static func recording(_ path: String) throws -> Recording {
        var input = try ImportInput(path)
        defer { input.close() }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = try block.withUnsafeMutableBytes { try input.read(into: $0) }
            guard count > 0 else { break }
            bytes += block[..<count]
            guard bytes.count <= maximumRecordingMegabytes << 20 else {
                throw FileError.tooLarge(path, limitMegabytes: maximumRecordingMegabytes)
            }
        }
        try input.finish()
        guard !bytes.isEmpty else { throw FileError.unreadable(path, reason: "it is empty") }
        return Recording(bytes)
    }
}

/// How a stand-in answers, as `AnswerPlan` spells it.
struct AnswerPlanOptions: ParsableArguments {
    @Option(help: "Tokens of an answer (default: 100).") var tokens: String?
    @Option(help: "Time to the first token (default: 138ms).") var ttft: String?
    @Option(help: "Tokens per second, or max (default: 374).") var rate: String?
    @Option(help: "What is written: latin, cjk or mixed (default: latin).") var text: String?
    @Option(help: "Another text (default: 1).") var seed: String?
    @Option(help: "Input tokens to report (default: a quarter of the request's bytes).")
    var promptTokens: String?
    @Option(help: "Of them from the cache (default: 0).") var cachedTokens: String?
    @Option(help: "Reasoning tokens to report (default: 0).") var reasoningTokens: String?
    @Option(help: "Usage as the vendor tells it, always, growing or never (default: vendor).")
    var usage: String?
    @Option(help: "What goes wrong; may be repeated.") var fault: [String] = []

    func plan() throws -> AnswerPlan {
        let settings: [(String, String?)] = [
            ("tokens", tokens), ("ttft", ttft), ("rate", rate), ("text", text), ("seed", seed),
            ("prompt-tokens", promptTokens), ("cached-tokens", cachedTokens),
            ("reasoning-tokens", reasoningTokens), ("usage", usage),
        ]
        var plan = AnswerPlan()
        for (name, value) in settings { if let value { try plan.set(name, to: value) } }
        for value in fault { try plan.set("fault", to: value) }
        return plan
    }
}
