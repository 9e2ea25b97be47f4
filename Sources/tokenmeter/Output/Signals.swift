#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Signals as they come, one at a time, in place of what they would do.
struct Signals: Sendable {
    /// Made before the first handler is set: a handler may only write.
    private static let pipe: (read: Int32, write: Int32)? = {
        var ends: [Int32] = [0, 0]
        #if canImport(Darwin)
            let made = Darwin.pipe(&ends)
        #elseif canImport(Glibc)
            let made = Glibc.pipe(&ends)
        #elseif canImport(Musl)
            let made = Musl.pipe(&ends)
        #endif
        // A handler never waits: where the pipe is full, there is enough to do.
        guard made == 0, fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 else { return nil }
        return (ends[0], ends[1])
    }()

    private let numbers: [Int32]

    init(_ numbers: [Int32]) throws {
        self.numbers = numbers
        guard Self.pipe != nil else {
            throw FileError.unwritable(
                "the terminal", reason: String(cString: strerror(errno)))
        }
        for number in numbers {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                if let pipe = Signals.pipe { _ = write(pipe.write, &byte, 1) }
            }
        }
    }

    /// The one of those that came which weighs most, in the order in which they are listened to;
    /// `nil` where none comes in time.
    func wait(seconds: Int32) -> Int32? {
        guard let pipe = Self.pipe else { return nil }
        var wanted = pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0)
        // An interrupted wait has its signal in the pipe.
        while poll(&wanted, 1, seconds * 1000) < 0, errno == EINTR {}
        guard wanted.revents & Int16(POLLIN) != 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(pipe.read, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return numbers.first { bytes[..<count].contains(UInt8(truncatingIfNeeded: $0)) }
    }
}
