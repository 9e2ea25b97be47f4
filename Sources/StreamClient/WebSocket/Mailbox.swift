import Synchronization

/// Elements from one who produces to one who reads, in their order; it holds no more than its limit
/// before it says so.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var taken = 0
        var reader: CheckedContinuation<Element?, any Error>?
        var end: Result<Void, any Error>?
        var isFull = false
    }

    private let limit: Int
    private let state = Mutex(State())
    /// There is room again after there was none.
    private let onRoom: @Sendable () -> Void
    /// Whoever reads was cancelled.
    private let onAbandoned: @Sendable () -> Void

    init(
        limit: Int, onRoom: @escaping @Sendable () -> Void,
        onAbandoned: @escaping @Sendable () -> Void
    ) {
        self.limit = limit
        self.onRoom = onRoom
        self.onAbandoned = onAbandoned
    }

    /// Whether there is room for more.
    func put(_ element: Element) -> Bool {
        let (reader, hasRoom) = state.withLock { state in
            guard state.end == nil else {
                return (nil as CheckedContinuation<Element?, any Error>?, true)
            }
            if let reader = state.reader {
                state.reader = nil
                return (reader, true)
            }
            state.elements.append(element)
            state.isFull = state.elements.count - state.taken >= limit
            return (nil, !state.isFull)
        }
        reader?.resume(returning: element)
        return hasRoom
    }

    /// Whether something is there that nobody took.
    var hasElements: Bool { state.withLock { $0.taken < $0.elements.count } }

    /// Nothing comes any more; what is there can still be read.
    func finish(_ error: (any Error)? = nil) {
        let end: Result<Void, any Error> = error.map { .failure($0) } ?? .success(())
        let reader = state.withLock { state in
            guard state.end == nil else {
                return nil as CheckedContinuation<Element?, any Error>?
            }
            state.end = end
            defer { state.reader = nil }
            return state.reader
        }
        if let reader { reader.resume(with: end.map { nil }) }
    }

    /// The next element; `nil` at the end. For one reader at a time.
    func next() async throws -> Element? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { reader in take(reader) }
        } onCancel: {
            abandon()
        }
    }

    private enum Taken {
        case now(Result<Element?, any Error>, hasRoom: Bool)
        case later
    }

    private func take(_ reader: CheckedContinuation<Element?, any Error>) {
        let taken: Taken = state.withLock { state in
            if state.taken < state.elements.count {
                let element = state.elements[state.taken]
                state.taken += 1
                if state.taken == state.elements.count {
                    state.elements.removeAll(keepingCapacity: true)
                    state.taken = 0
                }
                let hasRoom = state.isFull && state.elements.isEmpty
                if hasRoom { state.isFull = false }
                return .now(.success(element), hasRoom: hasRoom)
            }
            if let end = state.end { return .now(end.map { nil }, hasRoom: false) }
            state.reader = reader
            return .later
        }
        guard case .now(let result, let hasRoom) = taken else {
            // The cancellation may have come before there was somebody to tell.
            if Task.isCancelled { abandon() }
            return
        }
        reader.resume(with: result)
        if hasRoom { onRoom() }
    }

    private func abandon() {
        finish(CancellationError())
        onAbandoned()
    }
}
