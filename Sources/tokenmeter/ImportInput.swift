import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The bytes of one file or of stdin; gzip, Zstandard and xz are unpacked by their own programs.
struct ImportInput {
    private let path: String
    private var descriptor: Int32
    private var unpacking: Process?
    /// What was read to see how stdin begins.
    private var start: [UInt8] = []

    /// Whether its bytes cannot be read a second time.
    var isStream: Bool { path == "-" || unpacking != nil }

    /// Throws `FileError.unreadable`.
    init(_ path: String) throws {
        self.path = path
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError.unreadable(path, reason: String(cString: strerror(errno)))
        }
        do {
            try unpack()
        } catch {
            close()
            throw error
        }
    }

    mutating func read(into space: UnsafeMutableRawBufferPointer) throws -> Int {
        guard start.isEmpty else {
            let count = min(start.count, space.count)
            space.copyBytes(from: start[..<count])
            start.removeFirst(count)
            return count
        }
        let name = path == "-" ? "standard input" : path
        return try Terminal.read(into: space, descriptor: descriptor, path: name)
    }

    /// Once all was read: throws where what was packed was damaged.
    func finish() throws {
        guard let unpacking else { return }
        unpacking.waitUntilExit()
        guard unpacking.terminationStatus == 0 else {
            throw FileError.unreadable(
                path == "-" ? "standard input" : path,
                reason: "it is damaged, or what unpacks it is missing")
        }
    }

    mutating func close() {
        if descriptor > 0 { _ = Self.closed(descriptor) }
        descriptor = -1
        if let unpacking, unpacking.isRunning { unpacking.terminate() }
    }

    /// Of a file that is no stream.
    func lineFeeds(before offset: Int64) -> Int {
        var count = 0
        var block = [UInt8](repeating: 0, count: 1 << 18)
        var position: Int64 = 0
        while position < offset {
            let read = pread(
                descriptor, &block, min(block.count, Int(offset - position)), off_t(position))
            guard read > 0 else { break }
            count += block[..<read].count { $0 == 0x0A }
            position += Int64(read)
        }
        return count
    }

    // MARK: What is packed

    private mutating func unpack() throws {
        var head = [UInt8](repeating: 0, count: 4)
        var count = pread(descriptor, &head, 4, 0)
        if count < 0, path == "-" {
            // A pipe gives its bytes once.
            count = 0
            while count < 4 {
                let read = try head.withUnsafeMutableBytes {
                    try Terminal.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]),
                        descriptor: descriptor, path: "standard input")
                }
                if read == 0 { break }
                count += read
            }
            start = Array(head[..<count])
        }
        guard count == 4, let program = Self.program(for: head) else { return }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program, "-dc"]
        process.standardOutput = output
        // What becomes of the file is told by its exit code, in a sentence of ours.
        process.standardError = FileHandle.nullDevice
        let packed = start.isEmpty ? nil : Pipe()
        if let packed {
            process.standardInput = packed
        } else {
            process.standardInput = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        }
        do {
            try process.run()
        } catch {
            throw FileError.unreadable(path, reason: "\(program) cannot be started")
        }
        if let packed {
            try Self.feed(packed, start)
            start = []
        }
        if descriptor > 0 { _ = Self.closed(descriptor) }
        descriptor = dup(output.fileHandleForReading.fileDescriptor)
        unpacking = process
    }

    private static func program(for head: [UInt8]) -> String? {
        switch (head[0], head[1], head[2], head[3]) {
        case (0x1F, 0x8B, _, _): "gzip"
        case (0x28, 0xB5, 0x2F, 0xFD): "zstd"
        case (0xFD, 0x37, 0x7A, 0x58): "xz"
        default: nil
        }
    }

    /// Hands on stdin, from another thread: this one reads what comes out.
    private static func feed(_ pipe: Pipe, _ start: [UInt8]) throws {
        // A program that gives up early closes its end.
        signal(SIGPIPE, SIG_IGN)
        let target = dup(pipe.fileHandleForWriting.fileDescriptor)
        _ = fcntl(target, F_SETFD, FD_CLOEXEC)
        try pipe.fileHandleForWriting.close()
        Thread.detachNewThread {
            let handle = FileHandle(fileDescriptor: target, closeOnDealloc: true)
            defer { try? handle.close() }
            do {
                try handle.write(contentsOf: start)
                while let part = try FileHandle.standardInput.read(upToCount: 1 << 18),
                    !part.isEmpty
                {
                    try handle.write(contentsOf: part)
                }
            } catch {
                // The program's own exit says that it did not get all, or did not want it.
                return
            }
        }
    }

    private static func closed(_ descriptor: Int32) -> Int32 {
        #if canImport(Darwin)
            Darwin.close(descriptor)
        #elseif canImport(Glibc)
            Glibc.close(descriptor)
        #elseif canImport(Musl)
            Musl.close(descriptor)
        #endif
    }
}
