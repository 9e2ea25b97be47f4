import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The file of a database's write-ahead log, open beside SQLite's own: it is synced without the
/// database's lock, and is known to be the one that SQLite writes.
///
/// As long as somebody who wrote has the database open, SQLite neither removes it nor makes another.
final class LogFile: Sendable {
    enum Failure: Error, CustomStringConvertible {
        case gone, notSynced

        var description: String {
            switch self {
            case .gone: "its write-ahead log was taken away; start the program again"
            case .notSynced: "its log cannot be synced"
            }
        }
    }

    private struct State {
        var descriptor: Int32?
        /// What was written before may never have reached the disk.
        var hasFailed = false
    }

    private let path: String
    private let state = Mutex(State())

    init(of database: String) { path = database + "-wal" }

    deinit {
        if let descriptor = state.withLock({ $0.descriptor }) { close(descriptor) }
    }

    /// Once SQLite has written to it, and before anybody else could have put another in its place.
    func open() {
        state.withLock { state in
            guard state.descriptor == nil else { return }
            let descriptor = unixOpen(path)
            if descriptor >= 0 { state.descriptor = descriptor }
        }
    }

    /// Throws where it is not the one any more that SQLite writes: what is written then is lost. The
    /// descriptor of the one that is, once SQLite has written.
    @discardableResult
    func check() throws(Failure) -> Int32? {
        guard let descriptor = state.withLock({ $0.descriptor }) else { return nil }
        guard Self.identity(of: descriptor) == Self.identity(of: path) else { throw .gone }
        return descriptor
    }

    /// Whether it is on the disk; not where a sync failed before, until `isFolded`.
    func sync() throws(Failure) -> Bool {
        guard let descriptor = try check() else { throw .gone }
        guard !state.withLock({ $0.hasFailed }) else { return false }
        #if canImport(Darwin)
            let isSynced = fsync(descriptor) == 0
        #else
            let isSynced = fdatasync(descriptor) == 0
        #endif
        guard isSynced else {
            state.withLock { $0.hasFailed = true }
            throw .notSynced
        }
        return true
    }

    func isFolded() { state.withLock { $0.hasFailed = false } }

    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    private static func identity(of descriptor: Int32) -> Identity? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Identity(status) : nil
    }

    private static func identity(of path: String) -> Identity? {
        var status = stat()
        return stat(path, &status) == 0 ? Identity(status) : nil
    }
}

private func unixOpen(_ path: String) -> Int32 { open(path, O_RDONLY | O_CLOEXEC) }
