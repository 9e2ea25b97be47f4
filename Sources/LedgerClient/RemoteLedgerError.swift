/// Why the ledger of a service cannot be read.
package enum RemoteLedgerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with the address, as the end of a sentence that names it.
    case unusable(String)
    case unusableKey
    /// At an address without user and query.
    case unread(String, Reason)

    package enum Reason: Hashable, Sendable {
        case unknownHost, refusesConnections, untrusted, cutShort, noHTTP, noJSON
        case noConnection(milliseconds: Int64)
        case noAnswer(milliseconds: Int64)
        case tooLarge(limitBytes: Int)
        case status(Int, hasKey: Bool)
        /// Another document, or one that does not say what was asked.
        case otherDocument(wanted: String)
    }

    package var description: String {
        switch self {
        case .unusable(let problem): "the address of the ledger \(problem)"
        case .unusableKey:
            "\(RemoteLedger.keyVariable) holds what no key has: white space, a line break, or letters outside ASCII"
        case .unread(let url, let reason): "cannot read the ledger at \(url): \(reason)"
        }
    }
}

extension RemoteLedgerError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownHost: "no host of that name is known"
        case .refusesConnections: "nothing takes a connection there"
        case .untrusted: "its TLS certificate is not one that this machine trusts for that name"
        case .cutShort: "the connection ended before the answer did"
        case .noHTTP: "what answers there does not speak HTTP as a service does"
        case .noJSON: "the answer is not JSON; is it the address of a tokenmeter service?"
        case .noConnection(let limit): "no connection within \(Self.seconds(limit)) s"
        case .noAnswer(let limit): "no whole answer within \(Self.seconds(limit)) s"
        case .tooLarge(let limit): "the answer is larger than \(limit >> 10) KiB"
        case .status(let status, let hasKey): Self.sentence(status, hasKey: hasKey)
        case .otherDocument(let wanted):
            "the answer is not the \(wanted) document that was asked for; is it the address of a tokenmeter service of this version?"
        }
    }

    private static func sentence(_ status: Int, hasKey: Bool) -> String {
        let variable = RemoteLedger.keyVariable
        switch status {
        case 401 where hasKey:
            return "the key in \(variable) is not known there (status 401)"
        case 401: return "it wants a key, and \(variable) holds none (status 401)"
        case 403 where hasKey:
            return "the key in \(variable) may not read there (status 403)"
        case 403: return "it may not be read without a key; put one into \(variable) (status 403)"
        case 404: return "there is nothing at that address (status 404)"
        case 300..<400:
            return
                "it leads elsewhere, and redirects are not followed; give the final address (status \(status))"
        case 500...: return "the service failed; its log says why (status \(status))"
        default: return "the service refused the question (status \(status))"
        }
    }

    /// `0.3`, `20`
    private static func seconds(_ milliseconds: Int64) -> String {
        let tenths = milliseconds % 1000 / 100
        return "\(milliseconds / 1000)" + (tenths == 0 ? "" : ".\(tenths)")
    }
}
