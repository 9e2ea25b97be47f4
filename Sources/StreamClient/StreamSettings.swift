import NIOSSL

/// How a client goes about its streams.
package struct StreamSettings: Sendable {
    package var timeouts = StreamTimeouts()
    package var limits = StreamLimits()
    package var trust = StreamTrust.system
    /// Whether TLS may agree on HTTP/2.
    package var allowsHTTP2 = true

    package init() {}
}

/// Whose certificates are believed.
package enum StreamTrust: Hashable, Sendable {
    /// Those that the machine trusts.
    case system
    /// These besides, from a file of PEM.
    case systemAnd(file: String)
    /// These besides, as bytes of PEM.
    case systemAndBytes([UInt8])

    /// Throws where the certificates cannot be read.
    func configuration() throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch self {
        case .system: break
        case .systemAnd(let file):
            configuration.additionalTrustRoots = [
                .certificates(try NIOSSLCertificate.fromPEMFile(file))
            ]
        case .systemAndBytes(let bytes):
            configuration.additionalTrustRoots = [
                .certificates(try NIOSSLCertificate.fromPEMBytes(bytes))
            ]
        }
        return configuration
    }
}
