#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A lock that processes take in turn, on a file of its own; the system releases it when its holder
/// dies.
struct AdvisoryLock {
    private let descriptor: Int32

    /// Waits at most `timeoutSeconds`; `failure(true)` is thrown when that was not enough,
    /// `failure(false)` where the file cannot be made.
    init(path: String, timeoutSeconds: Int, failure: (_ timedOut: Bool) -> any Error) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(false) }
        let stepMicroseconds: UInt32 = 2_000
        var waitedMicroseconds = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR,
                waitedMicroseconds < timeoutSeconds * 1_000_000
            else {
                close(descriptor)
                throw failure(true)
            }
            usleep(stepMicroseconds)
            waitedMicroseconds += Int(stepMicroseconds)
        }
    }

    func release() { close(descriptor) }
}
