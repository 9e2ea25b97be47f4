import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension StreamError.Reason {
    /// What an error of the network means; its own words are kept out of ours, for they may quote
    /// the address with all that is in it.
    init(_ error: any Error) {
        switch error {
        case let error as StreamError: self = error.reason
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError: self = Self.reason(error)
        case let error as NIOConnectionError: self = Self.reason(error)
        case let error as IOError: self = Self.reason(error)
        case HTTPParserError.invalidEOFState: self = .cutShort
        case is HTTPParserError: self = .noHTTP
        case let error as NIOSSLError: self = Self.reason(error)
        case is NIOHTTPClientUpgradeError: self = .noWebSocket
        case is NIOSSLExtraError, is BoringSSLError: self = .untrusted
        case let error as ChannelError:
            switch error {
            case .connectTimeout: self = .timeout(.connect, milliseconds: 0)
            default: self = .cutShort
            }
        default: self = .other(String(describing: type(of: error)))
        }
    }

    private static func reason(_ error: HTTPClientError) -> Self {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout: .timeout(.connect, milliseconds: 0)
        case .remoteConnectionClosed, .uncleanShutdown: .cutShort
        case .cancelled, .requestStreamCancelled: .cancelled
        default: .other(error.shortDescription)
        }
    }

    private static func reason(_ error: NIOConnectionError) -> Self {
        guard let first = error.connectionErrors.first else { return .unknownHost }
        return Self(first.error)
    }

    private static func reason(_ error: IOError) -> Self {
        switch error.errnoCode {
        case ECONNREFUSED: .refusesConnections
        case EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL: .unreachable
        case EMFILE, ENFILE: .other("too many files are open")
        default: .cutShort
        }
    }

    private static func reason(_ error: NIOSSLError) -> Self {
        switch error {
        case .handshakeFailed(let cause): Self.isNoTLS(cause) ? .noTLS : .untrusted
        case .uncleanShutdown: .cutShort
        default: .untrusted
        }
    }

    /// An answer in plain text where TLS was wanted; BoringSSL calls it a wrong version number, and
    /// offers nothing but its words to know it by.
    private static func isNoTLS(_ error: BoringSSLError) -> Bool {
        let words = String(describing: error)
        return words.contains("WRONG_VERSION_NUMBER") || words.contains("HTTP_REQUEST")
    }
}
