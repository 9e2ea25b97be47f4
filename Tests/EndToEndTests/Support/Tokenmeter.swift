import Foundation
import Testing

/// The built binary, run as a process: what a person, a CI job or a script meets.
enum Tokenmeter {
    /// The folder of the package.
    static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().standardizedFileURL

    /// `$TOKENMETER_BINARY`, else what `swift build -c release` leaves; `nil` where there is
    /// neither.
    static let binary: URL? = {
        let named = ProcessInfo.processInfo.environment["TOKENMETER_BINARY"].map {
            URL(filePath: $0)
        }
        let built = repository.appending(path: ".build/release/tokenmeter")
        return [named, built].compactMap(\.self).first {
            FileManager.default.isExecutableFile(atPath: $0.path())
        }
    }()

    /// A `--pricing-data` whose figures never move: Tests/Fixtures/pricing-data.
    static let fixtureRates = ["--pricing-data", "Tests/Fixtures/pricing-data"]

    /// Whether golden files and the error gallery are written instead of compared.
    static let isRecording = ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1"
}

extension Trait where Self == ConditionTrait {
    /// Skips a suite, and says why, where nothing was built.
    static var needsBinary: Self {
        .enabled(
            if: Tokenmeter.binary != nil,
            "no tokenmeter to run: build it (swift build -c release), or set TOKENMETER_BINARY")
    }
}

/// A folder of one test, with a data folder of its own, gone when the test ends.
final class Sandbox: Sendable {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "tokenmeter-e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// `XDG_DATA_HOME` of what runs here.
    var data: URL { folder.appending(path: "data") }

    var database: URL { data.appending(path: "tokenmeter/ledger.db") }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path()
    }

    /// Runs tokenmeter; paths in `arguments` are relative to the repository, or to `folder` where
    /// one is given.
    func run(
        _ arguments: [String], stdin: Data = Data(), environment: [String: String] = [:],
        in workingFolder: URL = Tokenmeter.repository, timeout: Duration = .seconds(120)
    ) async throws -> Output {
        let binary = try #require(Tokenmeter.binary)
        return try await run(
            binary, arguments, stdin: stdin, environment: environment, in: workingFolder,
            timeout: timeout)
    }

    /// Runs a shell's line in this folder, where `tokenmeter` is on the path.
    func shell(_ line: String, timeout: Duration = .seconds(120)) async throws -> Output {
        let binary = try #require(Tokenmeter.binary)
        let programs = folder.appending(path: "programs")
        if !FileManager.default.fileExists(atPath: programs.path()) {
            try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                at: programs.appending(path: "tokenmeter"), withDestinationURL: binary)
        }
        return try await run(
            URL(filePath: "/bin/sh"), ["-c", line],
            environment: ["PATH": "\(programs.path()):\(Self.path)"], in: folder, timeout: timeout)
    }

    /// Runs any program. Streams are files, so that nothing ever waits for a full pipe.
    func run(
        _ program: URL, _ arguments: [String], stdin: Data = Data(),
        environment: [String: String] = [:], in workingFolder: URL, timeout: Duration
    ) async throws -> Output {
        await Turnstile.processes.enter()
        let result: Result<Output, any Error>
        do {
            result = .success(
                try await runNow(
                    program, arguments, stdin: stdin, environment: environment, in: workingFolder,
                    timeout: timeout))
        } catch {
            result = .failure(error)
        }
        await Turnstile.processes.leave()
        return try result.get()
    }

    private func runNow(
        _ program: URL, _ arguments: [String], stdin: Data, environment: [String: String],
        in workingFolder: URL, timeout: Duration
    ) async throws -> Output {
        let files = try StreamFiles(in: folder, stdin: stdin)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = self.environment.merging(environment) { _, new in new }
        process.currentDirectoryURL = workingFolder
        process.standardInput = files.stdin
        process.standardOutput = files.stdout
        process.standardError = files.stderr
        let end = await process.end(try process.start(), within: timeout)
        return try files.output(exit: end.status, wasKilled: end.wasKilled)
    }

    /// What every process of a test sees: no terminal, no user's database, UTC.
    var environment: [String: String] {
        [
            "PATH": Self.path, "HOME": folder.path(), "XDG_DATA_HOME": data.path(), "TZ": "UTC",
            "TMPDIR": folder.path(),
        ]
    }

    private static let path =
        ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
}

/// What a process left behind.
struct Output: Sendable {
    let stdout: Data
    let stderr: Data
    let exit: Int32
    /// Whether it had to be killed because it did not end in time.
    let wasKilled: Bool

    var text: String { String(decoding: stdout, as: UTF8.self) }
    var errors: String { String(decoding: stderr, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// The document on stdout, as `JSONSerialization` reads it.
    func json() throws -> [String: any Sendable] {
        try JSON.object(stdout)
    }
}

/// Three files in place of pipes.
private struct StreamFiles {
    let stdin: FileHandle
    let stdout: FileHandle
    let stderr: FileHandle
    private let outURL: URL
    private let errURL: URL

    init(in folder: URL, stdin data: Data) throws {
        let id = UUID().uuidString
        let inURL = folder.appending(path: "\(id).in")
        outURL = folder.appending(path: "\(id).out")
        errURL = folder.appending(path: "\(id).err")
        try data.write(to: inURL)
        for url in [outURL, errURL] { try Data().write(to: url) }
        stdin = try FileHandle(forReadingFrom: inURL)
        stdout = try FileHandle(forWritingTo: outURL)
        stderr = try FileHandle(forWritingTo: errURL)
    }

    func output(exit: Int32, wasKilled: Bool) throws -> Output {
        for handle in [stdin, stdout, stderr] { try handle.close() }
        return Output(
            stdout: try Data(contentsOf: outURL), stderr: try Data(contentsOf: errURL), exit: exit,
            wasKilled: wasKilled)
    }
}

extension Process {
    /// Starts; says once how it ended. A signal's number is negative.
    func start() throws -> AsyncStream<Int32> {
        let (statuses, continuation) = AsyncStream.makeStream(of: Int32.self)
        terminationHandler = { process in
            let isSignal = process.terminationReason == .uncaughtSignal
            continuation.yield(isSignal ? -process.terminationStatus : process.terminationStatus)
            continuation.finish()
        }
        try run()
        return statuses
    }

    /// Waits for the end, and kills what has not ended in time. Never what has ended: its number may be
    /// another's by then.
    func end(
        _ statuses: AsyncStream<Int32>, within timeout: Duration
    ) async -> (status: Int32, wasKilled: Bool) {
        let killer = Task { [self] in
            try? await Task.sleep(for: timeout)
            guard isRunning else { return false }
            kill(processIdentifier, SIGKILL)
            return true
        }
        var status: Int32 = -SIGKILL
        for await ended in statuses { status = ended }
        killer.cancel()
        return (status, await killer.value)
    }
}

extension Sandbox {
    /// Whether a program is on the path.
    func has(_ program: String) async throws -> Bool {
        try await shell("command -v '\(program)' >/dev/null").exit == 0
    }
}
