import Accounting
import Foundation
import Pricing
import Synchronization

/// A file that lines are appended to, each in one write, or stderr; one that was moved away, as when
/// logs are rotated, is made anew.
final class LogFile: Sendable {
    private let path: String
    private let handle: Mutex<FileHandle>

    /// Throws `QuestionError` for a file that cannot be written.
    init(_ path: String) throws {
        self.path = path
        guard path != "-" else {
            handle = Mutex(.standardError)
            return
        }
        guard let made = Self.open(path) else {
            throw QuestionError.invalid(
                field: "--access-log",
                problem: "\(quoted(path)) cannot be written: \(String(cString: strerror(errno)))")
        }
        handle = Mutex(made)
    }

    /// What cannot be written is left out: a full disk ends no request.
    func write(_ line: [UInt8]) {
        handle.withLock { handle in
            if path != "-", access(path, F_OK) != 0, let made = Self.open(path) { handle = made }
            _ = line.withUnsafeBytes { bytes in
                #if canImport(Darwin)
                    Darwin.write(handle.fileDescriptor, bytes.baseAddress, bytes.count)
                #else
                    Glibc.write(handle.fileDescriptor, bytes.baseAddress, bytes.count)
                #endif
            }
        }
    }

    private static func open(_ path: String) -> FileHandle? {
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        return descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
