import Accounting
import ArgumentParser
import Foundation
import JSONBytes
import Pricing
import StandInUpstream
import StreamBench
import StreamClient

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure SSE against WebSocket, or what a relay adds.",
        usage: """
            tokenmeter bench [--tokens <tokens>] [--rate <rate>] [<options>]
            tokenmeter bench --url <relay> --against <direct> [<options>]
            """,
        discussion: """
            Examples:
              tokenmeter bench --tokens 1000 --rate 374 --ttft 138ms --runs 5
              tokenmeter bench --url http://127.0.0.1:8787/v1 \\
                --against https://api.openai.com/v1 --model gpt-4.1-nano \\
                --against-key-variable OPENAI_API_KEY

            The first measures over SSE on HTTP/1.1 and HTTP/2 and over WebSocket, against
            tokenmeter simulate in a process of its own. The second sends real requests,
            which a vendor charges.
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: "Tokens of a stream (default: 1000; 20 with --url).") var tokens: String?
    @Option(help: "Tokens per second, or max (default: 374).") var rate: String?
    @Option(help: "The stand-in's time to the first token (default: 138ms).") var ttft: String?
    @Option(help: "Streams over each transport (default: 5), or to each side (default: 20).")
    var runs: Int?
    @Option(help: "Streams to hold open for the measure of memory; 0 leaves it out.")
    var streams = 1_000
    @Option(help: "A relay's base URL.") var url: String?
    @Option(help: "The base URL of what the relay asks.") var against: String?
    @Option(help: "The model to ask for.") var model = "gpt-4.1"
    @Option(help: "The environment variable with the relay's key.") var keyVariable: String?
    @Option(help: "The environment variable with the other side's key.")
    var againstKeyVariable: String?

    private static let maximumRuns = 10_000
    private static let maximumStreams = 10_000

    func run() async throws {
        let runs = runs ?? (url == nil ? 5 : 20)
        try within(runs, 1...Self.maximumRuns, "--runs")
        try within(streams, 0...Self.maximumStreams, "--streams")
        switch (url, against) {
        case (let url?, let against?):
            for (flag, value) in [("--rate", rate), ("--ttft", ttft)] where value != nil {
                throw QuestionError.invalid(
                    field: flag, problem: "is the stand-in's, and --url has none")
            }
            try await compare(url, against, runs: runs)
        case (nil, nil): try await measure(runs: runs)
        default:
            throw QuestionError.invalid(
                field: "--url", problem: "it needs --against, and --against needs it")
        }
    }

    private func within(_ value: Int, _ range: ClosedRange<Int>, _ field: String) throws {
        guard range.contains(value) else {
            throw QuestionError.invalid(
                field: field,
                problem: "\(value) is not from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    private func measure(runs: Int) async throws {
        let (rate, ttft) = (rate ?? "374", ttft ?? "138ms")
        var plan = AnswerPlan()
        try plan.set("tokens", to: tokens ?? "1000")
        try plan.set("rate", to: rate)
        try plan.set("ttft", to: ttft)
        guard plan.tokens >= 2 else {
            throw QuestionError.invalid(field: "--tokens", problem: "\(plan.tokens) is below 2")
        }
        let standIn = try StandInProcess([
            "--tokens", String(plan.tokens), "--rate", rate, "--ttft", ttft,
        ])
        defer { standIn.end() }
        var results: [BenchResult] = []
        for transport in BenchTransport.allCases {
            let bench = TransportBench(
                try StreamProbe(transport, base: standIn.base, trust: standIn.trust),
                counts: try StandInCounts(standIn.base, trust: standIn.trust), model: model,
                tokens: plan.tokens)
            results.append(
                try await bench.run(
                    runs,
                    memory: streams == 0
                        ? nil
                        : try MemoryProcess.measure(transport, standIn, streams: streams)))
        }
        try global.finish(
            BenchAnswer(
                tokens: plan.tokens, rate: rate, timeToFirstToken: plan.timeToFirstToken,
                runs: runs, results: results
            ).answer)
    }

    private func compare(_ url: String, _ against: String, runs: Int) async throws {
        let limit = try tokens.map { try PlanText.count($0) } ?? 20
        let relay = try probe(url, "--url", keyVariable)
        let direct = try probe(against, "--against", againstKeyVariable)
        Terminal.note("note: \(runs + 1) requests go to each side")
        let request = BenchRequest(model: model, maximumTokens: limit)
        var timings: (relay: [StreamTiming], direct: [StreamTiming]) = ([], [])
        // The first ones open the connections.
        for run in 0...runs {
            let one = try await relay.probe.run(request)
            let other = try await direct.probe.run(request)
            for (timing, host) in [(one, relay.host), (other, direct.host)]
            where timing.timeToFirstToken == nil {
                throw BenchError.noText(transport: host)
            }
            guard run > 0 else { continue }
            timings.relay.append(one)
            timings.direct.append(other)
        }
        try global.finish(
            RelayAnswer(
                relayHost: relay.host, directHost: direct.host, model: model,
                relay: timings.relay, direct: timings.direct
            ).answer)
    }

    private func probe(
        _ url: String, _ field: String, _ variable: String?
    ) throws -> (probe: StreamProbe, host: String) {
        let address: StreamAddress
        do {
            address = try StreamAddress(url)
        } catch {
            throw QuestionError.invalid(field: field, problem: "it \(error)")
        }
        let key = try variable.map { name in
            guard let key = ProcessInfo.processInfo.environment[name], !key.isEmpty else {
                throw QuestionError.invalid(
                    field: field, problem: "the variable \(quoted(name)) holds no key")
            }
            return key
        }
        let transport: BenchTransport = address.isWebSocket ? .webSocket : .sseHTTP2
        return (try StreamProbe(transport, base: address, key: key), address.host)
    }
}

/// Holds streams open and says what memory they take: what `bench` runs for each transport, so that
/// none inherits what another has taken.
struct BenchMemoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-memory", abstract: "Part of bench.", shouldDisplay: false)

    @Option var url: String
    @Option var transport: String
    @Option var certificate: String
    @Option var streams: Int

    func run() async throws {
        guard let transport = BenchTransport(rawValue: transport) else {
            throw QuestionError.invalid(field: "--transport", problem: "there is no such transport")
        }
        OpenFiles.raiseLimit()
        let probe = try StreamProbe(
            transport, base: try StreamAddress(url), trust: .systemAnd(file: certificate))
        let memory = try await MemoryBench(probe).run(streams: streams)
        let numbers = [memory?.before, memory?.withOne, memory?.withAll]
        let document = JSONValue.array(
            numbers.map { $0.map { .integer(Int64($0)) } ?? .null })
        try Terminal.write(document.compactBytes + [0x0A])
    }
}

/// Runs `bench-memory`.
enum MemoryProcess {
    static func measure(
        _ transport: BenchTransport, _ standIn: StandInProcess, streams: Int
    ) throws -> OpenStreamMemory? {
        let process = Process()
        let output = Pipe()
        process.executableURL = try OwnProgram.url()
        process.arguments = [
            "bench-memory", "--url", standIn.base.text, "--transport", transport.rawValue,
            "--certificate", standIn.certificatePath, "--streams", String(streams),
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        do {
            try process.run()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw BenchError.memoryUnknown(transport.rawValue)
            }
            let numbers = try JSONReader.value(of: Array(text)).elements?.compactMap {
                $0.numberText.flatMap { Int($0) }
            }
            guard let numbers, numbers.count == 3 else { return nil }
            return OpenStreamMemory(
                before: numbers[0], withOne: numbers[1], withAll: numbers[2], streams: streams)
        } catch is CocoaError, is JSONError {
            throw BenchError.memoryUnknown(transport.rawValue)
        }
    }
}
