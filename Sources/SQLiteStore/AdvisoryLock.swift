import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A lock that processes, and the threads of one, take in turn, on files of its own; the system
/// releases it when its holder dies.
///
/// Whoever wants it first takes a place at a turnstile, a second file, and leaves it once the lock is
/// his: a program that takes the lock again and again lets one that waits go first. The files stay
/// open between two holders, a pair for each thread that ever held it at the same time as others: an
/// open file is what the system knows a holder by.
package final class AdvisoryLock: Sendable {
    private struct Files {
        let turnstile: Int32
        let lock: Int32
    }

    private let path: String
    private let timeoutSeconds: Int
    private let idle = Mutex<[Files]>([])

    package enum Failure: Error { case timedOut, noFile }

    package init(path: String, timeoutSeconds: Int) {
        self.path = path
        self.timeoutSeconds = timeoutSeconds
    }

    deinit {
        for files in idle.withLock({ $0 }) { Self.close(files) }
    }

    /// Runs `body` while no other has the lock. Throws `Failure`, and what `body` throws.
    package func whileHeld<T>(_ body: () throws -> T) throws -> T {
        let files = try idleFiles()
        let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
        do {
            try Self.take(files.turnstile, until: deadline)
            defer { flock(files.turnstile, LOCK_UN) }
            try Self.take(files.lock, until: deadline)
        } catch {
            Self.close(files)
            throw error
        }
        defer {
            flock(files.lock, LOCK_UN)
            idle.withLock { $0.append(files) }
        }
        return try body()
    }

    /// A pair that nobody uses. One whose file was removed locks nobody out, and is given up.
    private func idleFiles() throws -> Files {
        while let files = idle.withLock({ $0.popLast() }) {
            if Self.isThere(files.lock), Self.isThere(files.turnstile) { return files }
            Self.close(files)
        }
        let turnstile = try Self.open(path + ".turn")
        do {
            return Files(turnstile: turnstile, lock: try Self.open(path))
        } catch {
            _ = systemClose(turnstile)
            throw error
        }
    }

    private static func open(_ path: String) throws -> Int32 {
        let file = systemOpen(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Failure.noFile }
        return file
    }

    private static func isThere(_ file: Int32) -> Bool {
        var status = stat()
        return fstat(file, &status) == 0 && status.st_nlink > 0
    }

    private static func close(_ files: Files) {
        _ = systemClose(files.turnstile)
        _ = systemClose(files.lock)
    }

    private static let firstStepMicroseconds: UInt32 = 50
    private static let lastStepMicroseconds: UInt32 = 1_000

    private static func take(_ file: Int32, until deadline: ContinuousClock.Instant) throws {
        var step = firstStepMicroseconds
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < deadline else {
                throw Failure.timedOut
            }
            usleep(step)
            step = min(step * 2, lastStepMicroseconds)
        }
    }
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    open(path, flags, mode)
}

private func systemClose(_ file: Int32) -> Int32 { close(file) }
