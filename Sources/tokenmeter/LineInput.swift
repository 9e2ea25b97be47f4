import Accounting

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Lines of a file or of stdin, without copying them: a line is valid until the next one is asked
/// for.
struct LineInput: ~Copyable {
    enum Line {
        case complete(UnsafeBufferPointer<UInt8>)
        /// Longer than `PriceLines.maximumLineBytes`; its bytes are passed over.
        case tooLong
    }

    private static let capacity = 4 * PriceLines.maximumLineBytes

    private let descriptor: Int32
    private let path: String
    private let buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var isAtEnd = false
    private var isSkipping = false

    /// `-` is stdin. Throws `FileError.unreadable`.
    init(path: String) throws {
        self.path = path == "-" ? "standard input" : path
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError.unreadable(path, reason: String(cString: strerror(errno)))
        }
        buffer = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit {
        buffer.deallocate()
        if descriptor > 0 { close(descriptor) }
    }

    /// Whether the next line has to be waited for.
    var isStarved: Bool { !isAtEnd && newline(from: start) == nil }

    mutating func next() throws -> Line? {
        while true {
            if let index = newline(from: start) {
                let line = bytes(start..<index)
                start = index + 1
                if isSkipping {
                    isSkipping = false
                    return .tooLong
                }
                return line.count > PriceLines.maximumLineBytes ? .tooLong : .complete(line)
            }
            if isAtEnd { return rest() }
            if isSkipping || end - start > PriceLines.maximumLineBytes {
                isSkipping = true
                start = end
            }
            try fill()
        }
    }

    /// What stands behind the last line feed.
    private mutating func rest() -> Line? {
        defer {
            start = end
            isSkipping = false
        }
        if isSkipping { return .tooLong }
        return start < end ? .complete(bytes(start..<end)) : nil
    }

    private mutating func fill() throws {
        if start > 0 {
            let length = end - start
            if length > 0, let base = buffer.baseAddress { memmove(base, base + start, length) }
            start = 0
            end = length
        }
        let space = UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
        let count = try Terminal.read(into: space, descriptor: descriptor, path: path)
        end += count
        isAtEnd = count == 0
    }

    private func newline(from index: Int) -> Int? {
        guard index < end, let base = buffer.baseAddress,
            let found = memchr(base + index, 0x0A, end - index)
        else { return nil }
        return found - UnsafeMutableRawPointer(base)
    }

    private func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeRawBufferPointer(rebasing: buffer[range]).bindMemory(to: UInt8.self)
    }
}
