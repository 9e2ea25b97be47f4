/// Says of a silent connection when to ask whether the other side is there, and when it is gone. A
/// pure value: whoever holds it says what happened, and looks once in each span of silence.
package struct WebSocketHeartbeat: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        case nothing
        /// To be sent, and answered before the next look.
        case ping
        case gone
    }

    private var wasHeard = true
    private var isAsked = false

    package init() {}

    /// A byte of the other side came.
    package mutating func heard() {
        wasHeard = true
        isAsked = false
    }

    /// What to do after another span.
    package mutating func look() -> Step {
        if wasHeard {
            wasHeard = false
            return .nothing
        }
        guard isAsked else {
            isAsked = true
            return .ping
        }
        return .gone
    }
}
