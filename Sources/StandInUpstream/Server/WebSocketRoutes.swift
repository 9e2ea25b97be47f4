import NIOCore
import NIOHTTP1
import WebSocketServer

/// Which requests to upgrade are accepted, and what speaks to them.
struct WebSocketRoutes: Sendable {
    static let chat = "/v1/ws/chat"
    static let echo = "/ws/echo"

    let standIn: StandIn

    func upgrader(_ refusal: UpgradeRefusal) -> any HTTPServerProtocolUpgrader & Sendable {
        var limits = WebSocketServerLimits()
        limits.maximumMessageBytes = standIn.limits.messageBytes
        return WebSocketEndpoint.upgrader(
            limits,
            decide: { channel, head in
                let (decision, delay) = decision(on: head, refusal)
                guard let delay else { return channel.eventLoop.makeSucceededFuture(decision) }
                return channel.eventLoop.scheduleTask(in: TimeAmount(delay)) { decision }
                    .futureResult
            },
            open: { _, head in
                guard Self.path(head) == Self.chat else { return EchoApplication() }
                return ChatApplication(standIn, changes: Self.changes(head))
            })
    }

    /// What becomes of a request to upgrade, and how much later.
    private func decision(
        on head: HTTPRequestHead, _ refusal: UpgradeRefusal
    ) -> (WebSocketEndpoint.Decision, Duration?) {
        switch Self.path(head) {
        case Self.echo: return (.accept([:]), nil)
        case Self.chat: break
        default: return (.leave, nil)
        }
        do {
            let changes = Self.changes(head)
            refusal.value = try standIn.plan(changes: changes, for: .upgrade).refusal
            guard refusal.value == nil else { return (.leave, nil) }
            return (.accept([:]), try standIn.plan.changed(by: changes ?? "").headersDelay)
        } catch {
            refusal.value = Refusal(error: .badRequest(error.description))
            return (.leave, nil)
        }
    }

    private static func path(_ head: HTTPRequestHead) -> Substring {
        head.uri.prefix { $0 != "?" }
    }

    private static func changes(_ head: HTTPRequestHead) -> String? {
        RoutedRequest(head).changes
    }
}

/// Carries why an upgrade was not accepted to whoever answers the request then; of one connection.
typealias UpgradeRefusal = NIOLoopBoundBox<Refusal?>
