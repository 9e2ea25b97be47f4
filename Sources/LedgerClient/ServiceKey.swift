/// A key to a service. Whoever prints it, or what holds it, sees no letter of it.
struct ServiceKey: Sendable, CustomStringConvertible, CustomReflectable {
    let secret: String

    /// Throws `RemoteLedgerError.unusableKey` for what no header can carry.
    init(_ secret: String) throws(RemoteLedgerError) {
        guard !secret.isEmpty, secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .unusableKey
        }
        self.secret = secret
    }

    var description: String { "(a key)" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
