import NIOCore

/// A moment that is put off again and again: its timer is set anew only when it has run out, or has to
/// run out sooner.
///
/// All of it is for the event loop.
package final class MovingDeadline {
    private let eventLoop: any EventLoop
    private var wanted: NIODeadline?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var onPassed: (() -> Void)?

    package init(on eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Calls `onPassed` once the moment is past, unless another is set before.
    package func set(_ deadline: NIODeadline, _ onPassed: @escaping () -> Void) {
        wanted = deadline
        self.onPassed = onPassed
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        start(deadline)
    }

    /// There is none now; its timer may run out by itself.
    package func clear() {
        wanted = nil
        onPassed = nil
    }

    /// For good: nothing is left of it on the event loop.
    package func stop() {
        clear()
        timer.take()?.task.cancel()
    }

    private func start(_ deadline: NIODeadline) {
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in look() }
        timer = (deadline, task)
    }

    private func look() {
        // One that was taken back as it ran out has nothing to say.
        guard let at = timer?.at, at <= eventLoop.now else { return }
        timer = nil
        guard let wanted else { return }
        guard wanted <= eventLoop.now else { return start(wanted) }
        self.wanted = nil
        onPassed.take()?()
    }
}
