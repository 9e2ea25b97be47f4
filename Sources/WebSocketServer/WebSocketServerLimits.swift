/// What a server lets one WebSocket take.
package struct WebSocketServerLimits: Hashable, Sendable {
    /// Of one message, however many frames it comes in.
    package var maximumMessageBytes = 1 << 20
    /// How long the other side may take to answer a close.
    package var closeMilliseconds: Int64 = 2_000
    /// After so long without a byte the other side is asked whether it is there, and as long again it
    /// has to say so; `nil` asks nobody.
    package var silenceMilliseconds: Int64? = 30_000

    package init() {}
}
