/// Where a stream is asked for. Its query may hold a key, so that only `host` is for people.
package struct StreamAddress: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable { case http, https, ws, wss }

    package let scheme: Scheme
    /// Without the brackets of IPv6.
    package let name: String
    package let port: Int
    /// From the slash on; empty where there is none.
    package private(set) var path: String
    /// Behind the question mark; `nil` where there is none.
    package private(set) var query: String?

    /// Throws `StreamAddressError`; what was given is not repeated, for it may hold a password.
    package init(_ given: String) throws(StreamAddressError) {
        guard !given.contains("@") else { throw StreamAddressError.holdsPassword }
        guard !given.contains("#") else { throw StreamAddressError.hasFragment }
        guard let end = given.firstRange(of: "://"),
            let scheme = Scheme(rawValue: given[..<end.lowerBound].lowercased())
        else { throw StreamAddressError.noScheme }
        let rest = given[end.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let parts = rest.dropFirst(authority.count).split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let (name, port) = Self.host(authority.lowercased()),
            rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw StreamAddressError.noAddress }
        self.scheme = scheme
        self.name = name
        self.port = port ?? (scheme == .https || scheme == .wss ? 443 : 80)
        var path = parts.first.map(String.init) ?? ""
        while path.last == "/" { path.removeLast() }
        self.path = path
        query = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
    }

    package var isTLS: Bool { scheme == .https || scheme == .wss }
    package var isWebSocket: Bool { scheme == .ws || scheme == .wss }

    /// `api.openai.com`, `127.0.0.1:8080`: what errors name.
    package var host: String {
        let name = name.contains(":") ? "[\(self.name)]" : self.name
        return port == (isTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// By its letters alone: a name is never looked up for this.
    package var isLoopback: Bool {
        if name == "localhost" || name == "::1" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in UInt8(part).map { String($0) == part } ?? false }
    }

    /// Whether its query has a field that endpoints look for a key in.
    package var holdsKey: Bool {
        let names = ["key", "api_key", "api-key", "apikey", "access_token", "token", "auth"]
        return (query ?? "").split(separator: "&").contains { field in
            let parts = field.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && names.contains(parts[0].lowercased())
        }
    }

    /// What stands on the request's first line.
    package var target: String {
        (path.isEmpty ? "/" : path) + (query.map { "?\($0)" } ?? "")
    }

    package var text: String {
        "\(scheme.rawValue)://\(host)\(target)"
    }

    /// The address of `route`, such as `/chat/completions`, below this one; itself where it ends so
    /// already.
    package func appending(_ route: String) -> StreamAddress {
        guard !path.hasSuffix(route) else { return self }
        var address = self
        address.path = path + route
        return address
    }

    /// With one more pair in the query, its value escaped.
    package func adding(_ field: String, _ value: String) -> StreamAddress {
        var address = self
        let pair = "\(field)=\(Self.escaped(value))"
        address.query = query.map { "\($0)&\(pair)" } ?? pair
        return address
    }

    /// With more of a query that is escaped already.
    package func adding(query more: String) -> StreamAddress {
        guard !more.isEmpty else { return self }
        var address = self
        address.query = query.map { "\($0)&\(more)" } ?? more
        return address
    }

    /// All but letters, digits and `-._~` as `%` and two digits.
    package static func escaped(_ text: String) -> String {
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

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~".utf8.contains(byte)
        }
    }

    /// `127.0.0.1:8080`, `[::1]`, `api.openai.com`
    private static func host(_ authority: String) -> (name: String, port: Int?)? {
        var name: Substring
        var rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            name = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            let isAddress = name.utf8.allSatisfy {
                isUnreserved($0) || $0 == UInt8(ascii: ":")
            }
            guard isAddress, name.contains(":") else { return nil }
        } else {
            name = authority.prefix { $0 != ":" }
            rest = authority.dropFirst(name.count)
            guard !name.isEmpty, name.utf8.allSatisfy({ isUnreserved($0) && $0 != 0x7E }) else {
                return nil
            }
        }
        guard let mark = rest.first else { return (String(name), nil) }
        let digits = rest.dropFirst()
        guard mark == ":", digits.count <= 5,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { return nil }
        return (String(name), port)
    }
}

/// What is wrong with an address, as the end of a sentence that says whose it is.
package enum StreamAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    case holdsPassword, hasFragment, noScheme, noAddress

    package var description: String {
        switch self {
        case .holdsPassword:
            "has a user name or a password in it; a key belongs in a variable or a file"
        case .hasFragment: "has a fragment, which no server sees; leave out what follows the #"
        case .noScheme: "begins with none of https://, http://, wss:// and ws://"
        case .noAddress: "is not an address such as https://api.example.com/v1"
        }
    }
}
