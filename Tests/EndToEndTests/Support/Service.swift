import Foundation
import Testing

/// A running `tokenmeter serve`, or another command that listens, on a port that the system chose.
final class Service {
    private let process = Process()
    private let log: URL
    private let ending: Task<Int32, Never>

    init(_ sandbox: Sandbox, command: String = "serve", flags: [String]) throws {
        log = sandbox.folder.appending(path: "\(command).log")
        try Data().write(to: log)
        let binary = try #require(Tokenmeter.binary)
        process.executableURL = binary
        process.arguments = [command, "--port", "0"] + flags
        process.environment = sandbox.environment
        process.currentDirectoryURL = Tokenmeter.repository
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: log)
        let process = process
        // At once: before it runs its number is 0, and that is the group of the tests themselves.
        let statuses = try process.start()
        ending = Task { await process.end(statuses, within: .seconds(3_600)).status }
    }

    /// `http://127.0.0.1:PORT`, once it listens.
    func address() async throws -> String {
        var said = ""
        return try await eventually("it to listen; it says: \(said)") {
            said = try String(contentsOf: log, encoding: .utf8)
            return said.firstMatch(of: /listening on (http:\/\/\S+)\n/).map { String($0.1) }
        }
    }

    /// Asks it to end; its exit code.
    func stop(_ signal: Int32 = SIGTERM) async -> Int32 {
        if process.isRunning { kill(process.processIdentifier, signal) }
        return await ending.value
    }
}

/// curl, which sets any header, also those that a client library would not let through.
struct Curl: Sendable {
    struct Reply: Sendable {
        let status: Int
        /// By their names in small letters.
        let headers: [String: String]
        let body: String
    }

    static let program = [
        "/usr/bin/curl", "/usr/local/bin/curl", "/opt/homebrew/bin/curl", "/bin/curl",
    ]
    .map { URL(filePath: $0) }
    .first { FileManager.default.isExecutableFile(atPath: $0.path()) }

    let address: String
    let sandbox: Sandbox

    func get(_ path: String) async throws -> Reply { try await send([path]) }

    func post(
        _ path: String, _ body: String, headers: [String] = ["Content-Type: application/json"]
    ) async throws -> Reply {
        try await send([path] + headers.flatMap { ["-H", $0] } + ["--data-binary", body])
    }

    /// A path and curl's own arguments.
    func send(_ request: [String]) async throws -> Reply {
        let program = try #require(Self.program)
        let path = try #require(request.first)
        let output = try await sandbox.run(
            program,
            ["-s", "-i", "-g", "--max-time", "120"] + request.dropFirst() + [address + path],
            in: sandbox.folder, timeout: .seconds(150))
        let text = output.text.replacing("\r\n", with: "\n")
        // An interim answer (100 Continue) stands before the real one.
        let parts = text.split(separator: "\n\n", omittingEmptySubsequences: false).map(String.init)
        let start = parts.firstIndex { !$0.hasPrefix("HTTP/1.1 100") } ?? 0
        let head = try #require(parts.dropFirst(start).first).split(separator: "\n").map(
            String.init)
        let status = try #require(
            head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { continue }
            headers[halves[0].lowercased()] = halves[1].trimmingCharacters(in: .whitespaces)
        }
        return Reply(
            status: status, headers: headers,
            body: parts.dropFirst(start + 1).joined(separator: "\n\n"))
    }
}
