import WebSocketMessages

/// Why a stream did not come, or not to its end. It never holds a key, nor a word of the answer but
/// the vendor's own sentence about what was wrong.
package struct StreamError: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        case unknownHost, refusesConnections, unreachable, untrusted, noTLS, cutShort, noHTTP
        case cancelled
        case timeout(StreamTimeout, milliseconds: Int64)
        /// An answer that is no stream.
        case status(Int, retryAfterMilliseconds: Int64?, message: String?)
        /// The upgrade to a WebSocket was answered with something else than its acceptance.
        case noWebSocket
        /// By the other side, before the answer was whole.
        case closed(WebSocketClose)
        /// By us, for what the other side sent.
        case violated(WebSocketClose)
        case other(String)
    }

    /// `api.openai.com`, `127.0.0.1:8080`
    package let host: String
    package let reason: Reason
    /// Whether the request had gone out when it failed: the vendor may have read it, and may charge
    /// for it.
    package let wasSent: Bool

    package init(host: String, reason: Reason, wasSent: Bool) {
        self.host = host
        self.reason = reason
        self.wasSent = wasSent
    }
}

extension StreamError: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .unknownHost: "no host of the name \(host) is known"
        case .refusesConnections: "nothing takes a connection at \(host)"
        case .unreachable: "there is no way to \(host) from this machine"
        case .untrusted:
            "the TLS certificate of \(host) is not one that this machine trusts for that name"
        case .noTLS: "\(host) does not speak TLS; is the address one of http?"
        case .cutShort:
            "the connection to \(host) ended" + (wasSent ? " before the answer did" : "")
        case .noHTTP: "what answers at \(host) does not speak HTTP"
        case .cancelled: "the request to \(host) was ended before its answer was whole"
        case .timeout(let timeout, let limit): sentence(timeout, limit)
        case .status(let status, let retryAfter, let message):
            sentence(status, message)
                + (retryAfter.map { "; it asks to wait \(Self.seconds($0)) s" } ?? "")
        case .noWebSocket:
            "\(host) answers at that address, but not as a WebSocket; --protocol sse may work"
        case .closed(let close):
            "\(host) closed the WebSocket" + (wasSent ? " before the answer was whole" : "")
                + Self.tail(close)
        case .violated(let close):
            "the WebSocket to \(host) was closed, for it broke the protocol: \(close.reason)"
        case .other(let what): "the exchange with \(host) failed: \(what)"
        }
    }

    private func sentence(_ timeout: StreamTimeout, _ limit: Int64) -> String {
        let time = Self.seconds(limit)
        switch timeout {
        case .connect: return "no connection to \(host) within \(time) s"
        case .firstByte where !wasSent:
            return "\(host) did not answer the upgrade to a WebSocket for \(time) s"
        case .firstByte: return "\(host) took the request and answered nothing for \(time) s"
        case .idle: return "\(host) began to answer and then sent nothing for \(time) s"
        case .total: return "the answer of \(host) was not whole after \(time) s"
        }
    }

    private func sentence(_ status: Int, _ message: String?) -> String {
        let tail = message.map { ": \($0)" } ?? ""
        switch status {
        case 401: return "\(host) does not know the key (status 401)"
        case 403: return "\(host) refuses this key what was asked (status 403)\(tail)"
        case 404: return "\(host) has no such model or address (status 404)\(tail)"
        case 402: return "\(host) wants to be paid first (status 402)\(tail)"
        case 408: return "\(host) gave up on the request (status 408)\(tail)"
        case 429: return "\(host) is asked too often (status \(status))\(tail)"
        case 300..<400:
            return "\(host) leads elsewhere, and redirects are not followed (status \(status))"
        case 500...: return "\(host) failed (status \(status))\(tail)"
        default: return "\(host) refused the request (status \(status))\(tail)"
        }
    }

    private static func tail(_ close: WebSocketClose) -> String {
        guard let code = close.code else { return "" }
        let reason = VendorMessage.clean(close.reason)
        return " (code \(code.rawValue))" + (reason.isEmpty ? "" : ": \(reason)")
    }

    /// `0.3`, `0.05`, `20`
    private static func seconds(_ milliseconds: Int64) -> String {
        var decimals = String(milliseconds % 1000 + 1000).dropFirst()
        while decimals.last == "0" { decimals.removeLast() }
        return "\(milliseconds / 1000)" + (decimals.isEmpty ? "" : ".\(decimals)")
    }
}
