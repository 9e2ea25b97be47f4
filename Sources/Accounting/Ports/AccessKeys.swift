import Pricing

/// Where the keys of the service are kept, as hashes. A port of its own: keys come and go for
/// reasons that have nothing to do with usage.
package protocol AccessKeys: Sendable {
    /// Keeps a new key, out of reach of a loss of power.
    func keep(_ key: AccessKey, hash: [UInt8], account: String) throws

    /// The key of an id, with the hash of its text.
    func accessKey(_ id: String) throws -> (key: AccessKey, hash: [UInt8], account: String)?

    /// All keys, the oldest first.
    func accessKeys(account: String) throws -> [AccessKey]

    /// Ends a key for good; whether it was there and not ended yet.
    func revoke(_ id: String, at time: Timestamp, account: String) throws -> Bool
}

package enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknownKey(String)

    package var description: String {
        switch self {
        case .unknownKey(let id): "no key \(quoted(id)); keys list shows them"
        }
    }
}
