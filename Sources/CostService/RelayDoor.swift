import Accounting
import HTTPTypes
import HummingbirdCore
import MeteringRelay
import NIOCore
import NIOHTTP1

/// Lets requests to the relay in by the same rules as questions to the API: host, origin, key.
package struct RelayDoor: RelayGate {
    private let guardrail: OriginGuard
    private let gate: AccessGate

    package init(guardrail: OriginGuard, gate: AccessGate) {
        self.guardrail = guardrail
        self.gate = gate
    }

    package func admit(
        _ head: HTTPRequestHead, on eventLoop: any EventLoop
    ) -> EventLoopFuture<RelayCaller> {
        let origin = head.headers.first(name: "origin")
        do {
            guard head.headers["origin"].count <= 1 else { throw OriginGuard.severalOrigins }
            try guardrail.admit(host: host(head), origin: origin)
        } catch {
            return eventLoop.makeFailedFuture(RelayProblem(Problem(error), for: nil))
        }
        do {
            let text = try key(head)
            if let access = try gate.rememberedAccess(text) {
                return eventLoop.makeSucceededFuture(try Self.caller(access, origin))
            }
            return eventLoop.makeFutureWithTask {
                do {
                    return try Self.caller(try await gate.access(text), origin)
                } catch {
                    throw RelayProblem(Problem(error), for: origin)
                }
            }
        } catch {
            return eventLoop.makeFailedFuture(RelayProblem(Problem(error), for: origin))
        }
    }

    private func host(_ head: HTTPRequestHead) -> String? {
        let hosts = head.headers["host"]
        return hosts.count == 1 ? hosts[0] : nil
    }

    /// The SDKs of vendors send a key in any case: where none is wanted, one of a vendor's is none.
    private func key(_ head: HTTPRequestHead) throws(Problem) -> String? {
        let query: [(Substring, Substring)] =
            head.uri.utf8.contains(UInt8(ascii: "?"))
            ? URI(head.uri).queryParameters.map { ($0.key, $0.value) } : []
        let isOurs =
            GivenKey.headers.contains { head.headers[$0].contains(where: HeaderRules.isOurs) }
            || query.contains {
                GivenKey.parameters.contains($0.0) && HeaderRules.isOurs(String($0.1))
            }
        guard gate.wantsKey || isOurs else { return nil }
        return try GivenKey.text(parameters: query) { head.headers[$0] }
    }

    private static func caller(
        _ access: Access, _ origin: String?
    ) throws(Problem) -> RelayCaller {
        try access.require(.relay)
        return RelayCaller(
            account: access.account, key: access.key?.id, project: access.key?.project,
            budget: access.key?.budget, models: access.key?.models ?? [],
            headers: origin.map(OriginGuard.headers) ?? [])
    }
}

extension RelayProblem {
    /// `origin` of a page that may read it.
    fileprivate init(_ problem: Problem, for origin: String?) {
        self.init(Int(problem.status.code), problem.code, problem.detail)
        for header in origin.map(OriginGuard.headers) ?? [] {
            headersOfPages[header.name] = header.value
        }
    }
}
