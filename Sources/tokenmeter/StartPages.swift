#if canImport(Glibc)
    import Foundation
    import Glibc
#endif

/// Gives back the pages of the executable that only a start needs. The runtime looks at every conformance once,
/// 30 MB of them; what is needed again comes back from the page cache at the next touch.
enum StartPages {
    static func release() {
        #if canImport(Glibc)
            guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8),
                let own = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/self/exe")
            else { return }
            // 00400000-0378e000 r-xp 00000000 fe:00 1234 /usr/bin/tokenmeter
            for line in maps.split(separator: "\n") where line.hasSuffix(own) {
                let words = line.split(separator: " ", omittingEmptySubsequences: true)
                // Code: nobody writes to it, and the file has all of it. What is only read may hold what
                // the linker wrote.
                guard words.count > 1, words[1] == "r-xp" else { continue }
                let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
                guard ends.count == 2, let start = UnsafeMutableRawPointer(bitPattern: ends[0])
                else { continue }
                // It is advice: where it is not taken, nothing is lost but memory.
                madvise(start, Int(ends[1] - ends[0]), MADV_DONTNEED)
            }
        #endif
    }
}
