import Accounting
import NIOCore
import NIOHTTP1

/// Where an answer goes: a client over HTTP, or one on a WebSocket. All calls come on the client's
/// event loop; of `end`, `cut` and `refuse` exactly one is the last.
protocol RelaySink: AnyObject {
    /// Whether what is written goes out soon.
    var isWritable: Bool { get }
    func answer(_ status: HTTPResponseStatus, _ headers: HTTPHeaders)
    func write(_ bytes: ByteBuffer)
    /// All of it was written; `event` is what is kept of it.
    func end(_ event: UsageEvent?)
    /// There is more of it that will never come: the client has to see that.
    func cut(_ problem: RelayProblem, _ event: UsageEvent?)
    /// In place of an answer.
    func refuse(_ problem: RelayProblem, _ headers: HTTPHeaders)
}
