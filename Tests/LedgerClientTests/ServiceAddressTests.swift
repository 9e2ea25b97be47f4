import LedgerClient
import Testing

/// Which addresses are asked at all. Nothing here asks anybody.
@Suite struct ServiceAddressTests {
    @Test(arguments: [
        "https://costs.example.com", "https://costs.example.com/", "HTTPS://Costs.Example.com:8443",
        "https://costs.example.com/team/meter/", "https://[2001:db8::1]:8443", "https://192.0.2.1",
        "http://127.0.0.1:8787", "http://127.255.0.9", "http://localhost:8787", "http://[::1]:8787",
        "http://LOCALHOST/",
    ])
    func takesHTTPSAndThisMachine(url: String) throws {
        _ = try RemoteLedger(url: url, key: "tm_1_secret")
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let url: String
        let problem: String
        var testDescription: String { url }

        init(_ url: String, _ problem: String) {
            self.url = url
            self.problem = problem
        }
    }

    private static let plain = "is http, which is for this machine alone; elsewhere use https"
    private static let noAddress = "is not an address such as https://costs.example.com"
    private static let userinfo =
        "has a user name or a password in it; a key belongs in another place"
    private static let query =
        "has a query or a fragment; only the address of the service is wanted"

    @Test(arguments: [
        Refused("http://costs.example.com", plain), Refused("http://10.0.0.1", plain),
        Refused("http://127.0.0.1.example.com", plain), Refused("http://127.1", plain),
        Refused("http://127.0.0.256", plain), Refused("http://127.0.0.01", plain),
        Refused("http://localhost.example.com", plain), Refused("http://0.0.0.0:8787", plain),
        Refused("http://[::ffff:127.0.0.1]", plain), Refused("http://[::]", plain),
        Refused("https://ann:hunter2@costs.example.com", userinfo),
        Refused("https://hunter2@costs.example.com", userinfo),
        Refused("http://localhost@evil.example", userinfo),
        Refused("https://costs.example.com/hunter2@", userinfo),
        Refused("https://costs.example.com?api_key=hunter2", query),
        Refused("https://costs.example.com/#hunter2", query),
        Refused("ftp://costs.example.com", "is neither https nor http"),
        Refused("file:///etc/passwd", noAddress), Refused("costs.example.com", noAddress),
        Refused("", noAddress), Refused("https://", noAddress),
        Refused("https:///usage", noAddress),
        Refused("https://costs.example.com:", noAddress),
        Refused("https://costs.example.com:0", noAddress),
        Refused("https://costs.example.com:65536", noAddress),
        Refused("https://costs.example.com:+1", noAddress),
        Refused("https://costs example.com", noAddress),
        Refused("https://costs.example.com/a b", noAddress),
        Refused("https://costs.example.com\r\nX: y", noAddress),
        Refused("https://costs.example.com\\evil", noAddress),
        Refused("https://кошт.example", noAddress), Refused("https://[::1", noAddress),
        Refused("https://[localhost]", noAddress),
    ])
    func refusesInOneSentenceWithoutSayingWhatWasGiven(refused: Refused) throws {
        let error = try #require(throws: RemoteLedgerError.self) {
            _ = try RemoteLedger(url: refused.url, key: nil)
        }
        #expect(error == .unusable(refused.problem))
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test(arguments: ["", " ", "a b", "abc\n", "schlüssel", "a\u{0}b", "abc\r\nX-Evil: 1"])
    func refusesAKeyThatNoHeaderCarries(key: String) throws {
        let error = try #require(throws: RemoteLedgerError.self) {
            _ = try RemoteLedger(url: "https://costs.example.com", key: key)
        }
        #expect(error == .unusableKey)
    }

    /// Whoever prints it, or dumps it, sees no key.
    @Test func showsNoKey() throws {
        let ledger = try RemoteLedger(url: "https://costs.example.com", key: "tm_1_hunter2")
        var dumped = ""
        dump(ledger, to: &dumped)
        #expect(!dumped.contains("hunter2"))
        #expect(!String(describing: ledger).contains("hunter2"))
        #expect(!String(reflecting: ledger).contains("hunter2"))
    }
}
