import Foundation
import Testing

/// A program that says on a line of its own where it listens.
final class Listener {
    private let process = Process()
    private let log: URL
    let folder: URL

    init(
        _ program: URL, _ arguments: [String], in folder: URL, environment: [String: String] = [:]
    ) throws {
        self.folder = folder
        log = folder.appending(path: "listener-\(UUID().uuidString).log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// `127.0.0.1:PORT`, once it listens.
    func address() async throws -> String {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(60)
        while true {
            // Looked at behind the deadline once more: a busy machine may wake nobody for a while.
            let isLate = clock.now > deadline
            let text = try String(contentsOf: log, encoding: .utf8)
            if let line = text.firstMatch(of: /https?:\/\/(127\.0\.0\.1:[0-9]+)\s/) {
                return String(line.1)
            }
            if isLate { throw Silence(log: text) }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    struct Silence: Error { let log: String }
}

enum Programs {
    static let python = find("python3")
    static let openssl = find("openssl")

    static let tokenmeter: URL? = {
        let repository = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().standardizedFileURL
        let named = ProcessInfo.processInfo.environment["TOKENMETER_BINARY"].map {
            URL(filePath: $0)
        }
        let built = repository.appending(path: ".build/release/tokenmeter")
        return [named, built].compactMap(\.self).first {
            FileManager.default.isExecutableFile(atPath: $0.path())
        }
    }()

    private static func find(_ name: String) -> URL? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { URL(filePath: String($0)).appending(path: name) }
            .first { FileManager.default.isExecutableFile(atPath: $0.path()) }
    }

    static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tokenmeter-client-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Runs a program to its end; its exit code.
    static func run(
        _ program: URL, _ arguments: [String], in folder: URL, environment: [String: String] = [:]
    ) async throws -> Int32 {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}

/// Runs what waits on a thread that may wait.
func waiting<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}

/// Answers every path alike. What it says always has the key in it that it was sent, as a hostile
/// service would have it.
struct StandIn {
    enum Manner: String {
        case answer
        /// Takes the connection and says nothing.
        case silent
        /// A letter now and then, without an end.
        case drip
        /// Fewer bytes than it promised.
        case cut
        /// Another protocol.
        case greet
        /// An answer under a certificate that nobody signed.
        case secure
    }

    let listener: Listener

    init(
        _ manner: Manner = .answer, status: Int = 200, headers: [String] = [],
        body: String = "", padding: Int = 0, folder: URL? = nil
    ) throws {
        let python = try #require(Programs.python)
        listener = try Listener(
            python,
            [
                "-u", "-c", Self.script, manner.rawValue, "\(status)", body, "\(padding)",
            ] + headers, in: try folder ?? Programs.folder())
    }

    func address() async throws -> String { try await listener.address() }

    private static let script = #"""
        import http.server, ssl, sys, time
        manner, status, body, padding = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
        headers = [header.split("=", 1) for header in sys.argv[5:]]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                key = self.headers.get("Authorization", "")
                said = body.replace("KEY", key).encode() + b" " * padding
                if manner == "silent":
                    time.sleep(30)
                    return
                if manner == "greet":
                    self.wfile.write(b"220 mail.example at your service\r\n")
                    return
                if self.path.startswith("/elsewhere"):
                    self.send_response(200)
                else:
                    self.send_response(status, key)
                for name, value in headers:
                    self.send_header(name, value.replace("KEY", key))
                if manner == "drip":
                    self.end_headers()
                    for _ in range(600):
                        self.wfile.write(b" ")
                        time.sleep(0.05)
                    return
                self.send_header("Content-Length", str(len(said) + (9 if manner == "cut" else 0)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *words): pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if manner == "secure":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("certificate.pem", "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print(f"http://127.0.0.1:{server.server_port} ", flush=True)
        server.serve_forever()
        """#
}
