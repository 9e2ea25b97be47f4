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

/// The files of an import: those that were named, and those below folders that were named.
struct ImportFiles {
    let paths: [String]
    /// Of all files, where every one has a size.
    let bytes: Int64?

    private static let endings = [".jsonl", ".ndjson", ".json", ".csv", ".log"]
    private static let compressed = ["", ".gz", ".zst", ".xz"]

    init(_ names: [String]) throws {
        var paths: [String] = []
        for name in names {
            guard RateFolder.isFolder(name) else {
                paths.append(name)
                continue
            }
            let inside = (FileManager.default.enumerator(atPath: name)?.allObjects ?? [])
                .compactMap { $0 as? String }.filter(Self.isWanted).sorted()
            guard !inside.isEmpty else {
                throw FileError.unreadable(name, reason: "no .jsonl, .json or .csv file below it")
            }
            paths += inside.map { "\(name)/\($0)" }
        }
        self.paths = paths
        let sizes = paths.map { path in
            (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int64
        }
        bytes = sizes.contains(nil) ? nil : sizes.compactMap(\.self).reduce(0, +)
    }

    private static func isWanted(_ name: String) -> Bool {
        endings.contains { ending in
            compressed.contains { name.lowercased().hasSuffix(ending + $0) }
        }
    }
}

/// Hands the lines of files to a reader of usage: those alone that its mark is in, found without
/// looking at the others. One buffer serves all files.
struct ImportedLines: ~Copyable {
    /// Longer lines are not usage.
    static let maximumLineBytes = 64 << 20
    private static let blockBytes = 4 << 20

    private var buffer: UnsafeMutableRawBufferPointer = .allocate(
        byteCount: blockBytes, alignment: 64)
    /// What is in the buffer and was not handed on.
    private var count = 0

    init() {}

    deinit { buffer.deallocate() }

    /// Calls `body` with each line of a file that holds `mark`, and the byte at which it begins;
    /// how many bytes the file has.
    ///
    /// `-` is stdin; gzip, Zstandard and xz are unpacked by their own programs.
    mutating func forEach(
        in path: String, marked mark: StaticString?,
        _ body: (UnsafeBufferPointer<UInt8>, Int64) throws -> Void
    ) throws -> Int64 {
        let (descriptor, unpacking) = try Self.opened(path)
        defer { if descriptor > 0 { close(descriptor) } }
        count = 0
        var offset: Int64 = 0
        while try fill(from: descriptor, path) {
            let end = lastLineEnd
            if end == 0 {
                if count == buffer.count { try grow(path) }
                continue
            }
            let lines = UnsafeRawBufferPointer(rebasing: buffer[0..<end])
            try Self.lines(lines, marked: mark) { try body($0, offset + $1) }
            offset += Int64(end)
            if let base = buffer.baseAddress { memmove(base, base + end, count - end) }
            count -= end
        }
        let rest = UnsafeRawBufferPointer(rebasing: buffer[0..<count])
        try Self.lines(rest, marked: mark) { try body($0, offset + $1) }
        try Self.finish(unpacking, path)
        return offset + Int64(count)
    }

    private static func opened(_ path: String) throws -> (Int32, Process?) {
        let file = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            throw FileError.unreadable(path, reason: String(cString: strerror(errno)))
        }
        guard let program = unpacker(of: file, path) else { return (file, nil) }
        close(file)
        return try unpack(path, with: program)
    }

    /// Reads on; `false` at the end.
    private mutating func fill(from descriptor: Int32, _ path: String) throws -> Bool {
        let space = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
        let read = try Terminal.read(into: space, descriptor: descriptor, path: path)
        count += read
        return read > 0
    }

    private mutating func grow(_ path: String) throws {
        guard buffer.count < Self.maximumLineBytes else {
            throw FileError.unreadable(
                path, reason: "a line of more than \(Self.maximumLineBytes >> 20) MiB")
        }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: buffer.count * 2, alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
    }

    private var lastLineEnd: Int {
        var index = count
        while index > 0, buffer[index - 1] != 0x0A { index -= 1 }
        return index
    }

    private static func lines(
        _ bytes: UnsafeRawBufferPointer, marked mark: StaticString?,
        _ body: (UnsafeBufferPointer<UInt8>, Int64) throws -> Void
    ) throws {
        guard let base = bytes.baseAddress else { return }
        var position = 0
        while position < bytes.count {
            var start = position
            if let mark {
                guard let hit = bytes.firstIndex(of: mark, from: position) else { return }
                start = hit
                while start > position, bytes[start - 1] != 0x0A { start -= 1 }
            }
            let found = memchr(base + start, 0x0A, bytes.count - start)
            let end = found.map { UnsafeRawPointer($0) - base } ?? bytes.count
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            try body(line.bindMemory(to: UInt8.self), Int64(start))
            position = end + 1
        }
    }

    // MARK: Compressed files

    private static func unpacker(of descriptor: Int32, _ path: String) -> String? {
        guard path != "-" else { return nil }
        var magic = [UInt8](repeating: 0, count: 4)
        guard pread(descriptor, &magic, 4, 0) == 4 else { return nil }
        return switch (magic[0], magic[1], magic[2], magic[3]) {
        case (0x1F, 0x8B, _, _): "gzip"
        case (0x28, 0xB5, 0x2F, 0xFD): "zstd"
        case (0xFD, 0x37, 0x7A, 0x58): "xz"
        default: nil
        }
    }

    private static func unpack(_ path: String, with program: String) throws -> (Int32, Process) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program, "-dc", "--", path]
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw FileError.unreadable(path, reason: "\(program) cannot be started")
        }
        let output = dup(pipe.fileHandleForReading.fileDescriptor)
        return (output, process)
    }

    private static func finish(_ unpacking: Process?, _ path: String) throws {
        guard let unpacking else { return }
        unpacking.waitUntilExit()
        guard unpacking.terminationStatus == 0 else {
            throw FileError.unreadable(path, reason: "it is damaged, or what unpacks it is missing")
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where a text of two bytes or more begins, from an index on.
    ///
    /// Its first two bytes are looked for 32 places at a time.
    fileprivate func firstIndex(of text: StaticString, from start: Int) -> Int? {
        guard let base = baseAddress, count - start >= text.utf8CodeUnitCount else { return nil }
        let first = SIMD32<UInt8>(repeating: text.utf8Start[0])
        let second = SIMD32<UInt8>(repeating: text.utf8Start[1])
        let last = count - text.utf8CodeUnitCount
        var index = start
        while index <= last {
            if index + 33 <= count {
                let here = (base + index).loadUnaligned(as: SIMD32<UInt8>.self)
                let next = (base + index + 1).loadUnaligned(as: SIMD32<UInt8>.self)
                guard any((here .== first) .& (next .== second)) else {
                    index += 32
                    continue
                }
            }
            for place in index...Swift.min(index + 31, last)
            where memcmp(base + place, text.utf8Start, text.utf8CodeUnitCount) == 0 {
                return place
            }
            index += 32
        }
        return nil
    }
}

/// How far an import is, on a terminal and nowhere else.
struct ProgressBar {
    private let total: Int64?
    private let isShown: Bool
    private var shown: Int64 = -1

    init(total: Int64?) {
        self.total = total
        isShown = isatty(2) == 1
    }

    mutating func show(_ done: Int64) {
        guard isShown, done - shown >= 4 << 20 || shown < 0 else { return }
        shown = done
        let megabytes = done / 1_000_000
        guard let total, total > 0 else { return Terminal.progress("read \(megabytes) MB") }
        let share = min(Int(done * 40 / total), 40)
        let bar = String(repeating: "█", count: share) + String(repeating: "░", count: 40 - share)
        Terminal.progress("\(bar) \(megabytes) of \(total / 1_000_000) MB")
    }

    func end() {
        if isShown { Terminal.progress("") }
    }
}
