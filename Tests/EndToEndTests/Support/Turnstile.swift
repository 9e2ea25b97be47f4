/// Lets a few through at a time, in the order in which they came.
///
/// Foundation's `Process` on Linux crashes when hundreds are started at once (6.3.1, in its scan of
/// the open descriptors), and a lock that is waited for five seconds wants a machine that is not
/// swamped.
actor Turnstile {
    static let processes = Turnstile(places: 8)
    static let services = Turnstile(places: 3)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { free = places }

    func enter() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}
