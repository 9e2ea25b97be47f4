import Accounting
import Foundation
import UsageImport

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Hands the pieces of files to a reader of usage. One buffer serves all files, and is no larger
/// than the longest piece needs.
struct ImportedPieces: ~Copyable {
    /// Small enough to stay in a core's cache while it is searched.
    private static let blockBytes = 256 << 10

    private var buffer: UnsafeMutableRawBufferPointer = .allocate(
        byteCount: blockBytes, alignment: 64)
    /// What is in the buffer and is not done with.
    private var count = 0

    init() {}

    deinit { buffer.deallocate() }

    /// Calls `read` with each piece of a file and the byte at which it begins; `report` with what
    /// `read` found wrong, and with pieces that are broken or too long, behind their file and line.
    ///
    /// `-` is stdin. Throws `FileError` for a file that cannot be read to its end.
    mutating func forEach(
        in path: String, _ framing: Framing,
        read: (UnsafeBufferPointer<UInt8>, PieceFormat, Int64) throws -> [EventProblem],
        report: (_ place: String, _ problem: String) throws -> Void
    ) throws {
        var input = try ImportInput(path)
        defer { input.close() }
        var finder = PieceFinder(framing)
        var lines = LineNumbers(path: path, isStream: input.isStream)
        var offset: Int64 = 0
        var isAtEnd = false
        count = 0
        while !isAtEnd {
            isAtEnd = try fill(&input)
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            let used = try finder.pieces(in: bytes, isAtEnd: isAtEnd) { found, range in
                let problems: [EventProblem]
                switch found {
                case .piece(let format):
                    let piece = UnsafeRawBufferPointer(rebasing: bytes[range])
                        .bindMemory(to: UInt8.self)
                    problems = try read(piece, format, offset + Int64(range.lowerBound))
                case .broken(let problem): problems = [EventProblem(problem)]
                }
                for problem in problems {
                    let place = lines.place(of: range.lowerBound, in: bytes, at: offset, input)
                    try report(place, problem.description)
                }
            }
            if used == 0, !isAtEnd {
                if buffer.count < PieceFinder.maximumPieceBytes {
                    grow()
                } else if case .broken(let problem) = finder.skipLongPiece() {
                    try report(lines.place(of: 0, in: bytes, at: offset, input), problem)
                }
                continue
            }
            lines.pass(UnsafeRawBufferPointer(rebasing: bytes[..<used]))
            offset += Int64(used)
            if let base = buffer.baseAddress { memmove(base, base + used, count - used) }
            count -= used
        }
        try input.finish()
    }

    /// Reads on until the buffer is full; whether the file is at its end.
    private mutating func fill(_ input: inout ImportInput) throws -> Bool {
        while count < buffer.count {
            let space = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let read = try input.read(into: space)
            if read == 0 { return true }
            count += read
        }
        return false
    }

    private mutating func grow() {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: buffer.count * 2, alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
    }
}

/// On which line a byte is. A file's lines are counted when somebody asks: nearly all of them are
/// passed over unseen. What cannot be read twice is counted on the way.
private struct LineNumbers {
    let path: String
    let isStream: Bool
    private var passed = 0

    init(path: String, isStream: Bool) {
        self.path = path == "-" ? "standard input" : path
        self.isStream = isStream
    }

    mutating func pass(_ bytes: UnsafeRawBufferPointer) {
        if isStream { passed += bytes.count { $0 == 0x0A } }
    }

    /// `file:line` of a byte of a block that begins at `offset` of the file.
    func place(
        of index: Int, in block: UnsafeRawBufferPointer, at offset: Int64,
        _ input: borrowing ImportInput
    ) -> String {
        let before = isStream ? passed : input.lineFeeds(before: offset)
        return "\(path):\(before + block[..<index].count { $0 == 0x0A } + 1)"
    }
}
