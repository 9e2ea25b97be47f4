import Foundation

/// Keeps the bytes of answers as they came, so that a wrong reading can be shown to others.
struct RawRecording: Sendable {
    private let folder: String

    /// Makes the folder, for its owner alone. Throws `ChatError.unwritableRecord`.
    init(_ folder: String) throws {
        self.folder = folder
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw ChatError.unwritableRecord(folder, reason: "no such folder can be made")
        }
    }

    /// A file for one answer, which nobody but its owner can read; `ending` says what is in it.
    func file(named name: String, ending: String) throws -> RecordedAnswer {
        let path = "\(folder)/\(name).\(ending)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ChatError.unwritableRecord(path, reason: String(cString: strerror(errno)))
        }
        return RecordedAnswer(
            path: path, handle: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
    }
}

struct RecordedAnswer: Sendable {
    let path: String
    let handle: FileHandle

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw ChatError.unwritableRecord(path, reason: "the disk is full, or the file is gone")
        }
    }
}
