/// Where a service is: `https`, or `http` on this machine, and nothing secret in it.
struct ServiceAddress: Hashable, Sendable {
    /// Scheme, host, port and path, without a slash at its end.
    let text: String

    /// Throws `RemoteLedgerError.unusable`; what was given is not repeated, for it may hold a
    /// password.
    init(_ given: String) throws(RemoteLedgerError) {
        // Before anything else: wherever the sign stands, some reader takes it for a password's end.
        guard !given.contains("@") else {
            throw .unusable("has a user name or a password in it; a key belongs in another place")
        }
        guard !given.contains("?"), !given.contains("#") else {
            throw .unusable("has a query or a fragment; only the address of the service is wanted")
        }
        guard let end = given.firstRange(of: "://") else {
            throw .unusable("is not an address such as https://costs.example.com")
        }
        let scheme = given[..<end.lowerBound].lowercased()
        let rest = given[end.upperBound...]
        let authority = rest.prefix { $0 != "/" }.lowercased()
        var path = rest.drop { $0 != "/" }
        while path.last == "/" { path.removeLast() }
        let host = Self.host(authority)
        let isWhole =
            host.map { authority == $0 || Self.isPort(authority.dropFirst($0.count)) } ?? false
        guard let host, isWhole, path.utf8.allSatisfy(Self.mayStandInPath) else {
            throw .unusable("is not an address such as https://costs.example.com")
        }
        switch scheme {
        case "https": break
        case "http":
            guard Self.isLoopback(host) else {
                throw .unusable("is http, which is for this machine alone; elsewhere use https")
            }
        default: throw .unusable("is neither https nor http")
        }
        text = "\(scheme)://\(authority)\(path)"
    }

    func route(_ name: String) -> String { "\(text)/api/v1/\(name)" }

    /// `?since=…&where=…`; all but letters, digits and `-._~` is escaped.
    static func query(_ fields: [(name: String, value: String)]) -> String {
        guard !fields.isEmpty else { return "" }
        return "?"
            + fields.map { "\(escaped($0.name))=\(escaped($0.value))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-._~".utf8.contains(byte)
    }

    private static func mayStandInPath(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "%")
    }

    /// The host that an authority begins with; `nil` where there is none.
    private static func host(_ authority: String) -> String? {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let inside = authority[authority.index(after: authority.startIndex)..<end]
            let isAddress = inside.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
            }
            return isAddress && inside.contains(":") ? String(authority[...end]) : nil
        }
        let name = authority.prefix { $0 != ":" }
        let isName = name.utf8.allSatisfy { isUnreserved($0) && $0 != UInt8(ascii: "~") }
        return isName && !name.isEmpty ? String(name) : nil
    }

    /// `:8787`
    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.dropFirst().utf8
        guard text.first == ":", digits.count <= 5,
            digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let port = Int(text.dropFirst())
        else { return false }
        return (1...65_535).contains(port)
    }

    /// By its letters alone: a name is never looked up for this.
    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in UInt8(part).map { String($0) == part } ?? false }
    }
}
