#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The three streams of the process, unbuffered but for what the caller gathers.
enum Terminal {
    static var stdinIsTerminal: Bool { isatty(0) == 1 }
    static var stdoutIsTerminal: Bool { isatty(1) == 1 }

    /// Colour only where a person looks at a terminal that wants it: <https://no-color.org>
    /// (checked 2026-11-22).
    static var hasColour: Bool {
        let isRefused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        return stdoutIsTerminal && !isRefused && !isDumb
    }

    /// A terminal that knows no more than to write one line after the other.
    static var isDumb: Bool { getenv("TERM").map { strcmp($0, "dumb") == 0 } ?? true }

    /// Block characters only where a person looks at a terminal that is told to read UTF-8: the first
    /// of these variables that is set decides, as for any program.
    static var hasBlocks: Bool {
        guard stdoutIsTerminal else { return false }
        let names: [String] = ["LC_ALL", "LC_CTYPE", "LANG"]
        let values = names.compactMap { name in getenv(name).map { String(cString: $0) } }
        let locale = values.first { !$0.isEmpty }
        let letters = locale?.lowercased().filter { $0 != "-" } ?? ""
        return letters.contains("utf8")
    }

    /// Columns of the terminal, or 80.
    static var width: Int { size.columns }

    /// Columns and lines of the terminal, or 80 and 24.
    static var size: (columns: Int, lines: Int) {
        var size = winsize()
        guard stdoutIsTerminal, ioctl(1, UInt(TIOCGWINSZ), &size) == 0 else { return (80, 24) }
        return (
            size.ws_col > 20 ? Int(size.ws_col) : 80, size.ws_row > 0 ? Int(size.ws_row) : 24
        )
    }

    /// Writes all of `bytes` to stdout; throws `FileError.unwritable` where the disk is full or the
    /// pipe is closed.
    static func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try writeAll($0, to: 1) }
    }

    /// Writes all of `bytes` to stdout; false where nobody reads any more, for who has something to do
    /// before the end. SIGPIPE must be ignored.
    static func pass(_ bytes: [UInt8]) throws -> Bool {
        do {
            try bytes.withUnsafeBytes { try writeAll($0, to: 1, endsAtClosedPipe: false) }
            return true
        } catch is ClosedPipe {
            return false
        }
    }

    private struct ClosedPipe: Error {}

    static func note(_ message: String) {
        var text = message + "\n"
        text.withUTF8 { try? writeAll(UnsafeRawBufferPointer($0), to: 2) }
    }

    /// One line on stderr, in the place of the one before.
    static func progress(_ line: String) {
        var text = "\r\u{1B}[K" + line
        text.withUTF8 { try? writeAll(UnsafeRawBufferPointer($0), to: 2) }
    }

    /// Ends the process at once: everything has been written, and tearing down what the process
    /// holds costs milliseconds that nobody gains from.
    static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    /// Fills `buffer` from stdin; 0 at its end.
    static func read(into buffer: UnsafeMutableRawBufferPointer, descriptor: Int32, path: String)
        throws -> Int
    {
        while true {
            #if canImport(Darwin)
                let count = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Glibc)
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                let count = Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw FileError.unreadable(
                    path, reason: String(cString: strerror(errno)))
            }
        }
    }

    private static func writeAll(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, endsAtClosedPipe: Bool = true
    ) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest)
            #if canImport(Darwin)
                let count = Darwin.write(descriptor, slice.baseAddress, slice.count)
            #elseif canImport(Glibc)
                let count = Glibc.write(descriptor, slice.baseAddress, slice.count)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, slice.baseAddress, slice.count)
            #endif
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE, descriptor == 1 {
                guard endsAtClosedPipe else { throw ClosedPipe() }
                // Whoever reads has enough. Where nobody ignores the signal, it has ended us already,
                // with this code; clients of HTTP ignore it.
                end(128 + SIGPIPE)
            } else if errno != EINTR {
                throw FileError.unwritable(
                    "standard output",
                    reason: errno == EBADF ? "it is closed" : String(cString: strerror(errno)))
            }
        }
    }
}
