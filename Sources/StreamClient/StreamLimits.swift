/// What an upstream may take of memory.
package struct StreamLimits: Hashable, Sendable {
    /// Connections to one host at a time, over HTTP/1.1.
    package var maximumConnections = 16_384
    /// Pieces of an answer that wait for whoever reads them, before nothing more is read off the
    /// connection.
    package var maximumWaitingPieces = 16
    /// Of an answer that is an error, and is read whole.
    package var maximumErrorBytes = 64 << 10
    /// Of one frame and one message of a WebSocket.
    package var maximumMessageBytes = 16 << 20
    /// How long a WebSocket is waited for that was told to close.
    package var closeMilliseconds: Int64 = 2_000

    package init() {}
}
