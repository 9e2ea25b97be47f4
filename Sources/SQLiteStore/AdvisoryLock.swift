#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A lock that processes take in turn, on files of its own; the system releases it when its holder
/// dies.
///
/// Whoever wants it first takes a place at a turnstile, a second file, and leaves it once the lock is
/// his: a program that takes the lock again and again lets one that waits go first.
package struct AdvisoryLock {
    private let lock: Int32

    /// Waits at most `timeoutSeconds`; `failure(true)` is thrown when that was not enough,
    /// `failure(false)` where the files cannot be made.
    package init(path: String, timeoutSeconds: Int, failure: (_ timedOut: Bool) -> any Error) throws
    {
        let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
        func take(_ path: String) throws -> Int32 {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw failure(false) }
            var step = Self.firstStepMicroseconds
            while flock(file, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < deadline else {
                    close(file)
                    throw failure(true)
                }
                usleep(step)
                step = min(step * 2, Self.lastStepMicroseconds)
            }
            return file
        }
        let turnstile = try take(path + ".turn")
        defer { close(turnstile) }
        lock = try take(path)
    }

    private static let firstStepMicroseconds: UInt32 = 50
    private static let lastStepMicroseconds: UInt32 = 1_000

    package func release() { close(lock) }
}
