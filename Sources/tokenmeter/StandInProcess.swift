import Foundation
import StreamBench
import StreamClient

/// `tokenmeter simulate` in a process of its own, so that what is measured here is the client's alone.
final class StandInProcess {
    /// `https://127.0.0.1:PORT/v1`
    let base: StreamAddress
    let trust: StreamTrust
    let certificatePath: String
    private let process = Process()
    private let folder: URL
    private let log: Pipe

    /// How long it may serve, should nobody end it.
    private static let limit = "30m"

    /// Throws `BenchError.noStandIn`.
    init(_ flags: [String]) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "tokenmeter-bench-\(UUID().uuidString)")
        log = Pipe()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let certificate = folder.appending(path: "trust.pem")
            certificatePath = certificate.path()
            process.executableURL = try OwnProgram.url()
            process.arguments =
                ["simulate", "--port", "0", "--for", Self.limit, "--certificate", certificatePath]
                + flags
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = log
            let signals = try Signals([SIGINT, SIGTERM, SIGHUP])
            try process.run()
            Self.end(process.processIdentifier, folder, with: signals)
            let said = try Self.firstLine(of: log)
            guard let address = said.split(separator: " ").last, address.hasPrefix("https://")
            else {
                throw BenchError.noStandIn(said)
            }
            base = try StreamAddress("\(address)/v1")
            trust = .systemAnd(file: certificatePath)
        } catch let error as BenchError {
            throw error
        } catch {
            throw BenchError.noStandIn("\(error)")
        }
    }

    deinit { end() }

    /// To be called at the end, or the process would end when its last address was read.
    func end() {
        if process.isRunning {
            process.terminate()
            process.waitUntilExit()
        }
        // What a temporary folder keeps is no reason to fail.
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends it with this program, should a signal end that.
    private static func end(_ process: Int32, _ folder: URL, with signals: Signals) {
        Thread.detachNewThread {
            var number: Int32?
            while number == nil { number = signals.wait(seconds: 3_600) }
            kill(process, SIGTERM)
            try? FileManager.default.removeItem(at: folder)
            Terminal.end(128 + (number ?? SIGTERM))
        }
    }

    private static func firstLine(of pipe: Pipe) throws -> String {
        var text = Data()
        while !text.contains(0x0A) {
            let piece = pipe.fileHandleForReading.availableData
            guard !piece.isEmpty else { break }
            text += piece
        }
        return String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}

/// The file that this process runs.
enum OwnProgram {
    static func url() throws -> URL {
        #if os(Linux)
            return URL(
                filePath: try FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/exe"))
        #else
            guard let url = Bundle.main.executableURL else {
                throw BenchError.noStandIn("the program's own file is not known")
            }
            return url
        #endif
    }
}
