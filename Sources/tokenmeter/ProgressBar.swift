#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

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
