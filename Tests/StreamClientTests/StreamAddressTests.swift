import StreamClient
import Testing

@Suite struct StreamAddressTests {
    @Test func readsWhatAnAddressSays() throws {
        let address = try StreamAddress("HTTPS://API.example.com/v1/?region=eu")
        #expect(address.scheme == .https)
        #expect(address.host == "api.example.com")
        #expect(address.port == 443)
        #expect(address.target == "/v1?region=eu")
        #expect(address.text == "https://api.example.com/v1?region=eu")
        #expect(try StreamAddress("ws://[::1]:9000").host == "[::1]:9000")
        #expect(try StreamAddress("http://127.0.0.1").target == "/")
    }

    @Test func aRouteIsAddedOnce() throws {
        let base = try StreamAddress("https://h/v1?a=b").appending("/chat/completions")
        #expect(base.text == "https://h/v1/chat/completions?a=b")
        #expect(base.appending("/chat/completions") == base)
        #expect(base.adding("key", "a/b c").target == "/v1/chat/completions?a=b&key=a%2Fb%20c")
    }

    @Test(arguments: [
        "", "api.example.com", "ftp://h/", "https://", "https:///v1", "https://u@h/",
        "https://h/#x",
        "https://h:0/", "https://h:65536/", "https://h:1x/", "https://h o/", "http://[::1",
        "http://é/",
    ]) func refusesWhatIsNone(_ text: String) {
        #expect(throws: StreamAddressError.self) { try StreamAddress(text) }
    }

    @Test func knowsThisMachineByItsLetters() throws {
        for text in ["http://localhost:1", "http://127.1.2.3/", "http://[::1]/"] {
            #expect(try StreamAddress(text).isLoopback, "\(text)")
        }
        for text in ["http://127.0.0.1.example.com", "http://10.0.0.1", "http://127.0.0.256"] {
            #expect(try !StreamAddress(text).isLoopback, "\(text)")
        }
    }

    @Test func tellsAKeyInTheQuery() throws {
        for query in ["?key=a", "?alt=sse&API_KEY=a", "?access_token=a"] {
            #expect(try StreamAddress("https://a.example/v1\(query)").holdsKey, "\(query)")
        }
        for query in ["", "?", "?alt=sse", "?key=", "?monkey=a", "?a=key"] {
            #expect(try !StreamAddress("https://a.example/v1\(query)").holdsKey, "\(query)")
        }
    }

    @Test func aKeyIsShownToNobody() throws {
        let key = try #require(StreamKey(" sk-abc\n"))
        for hidden in ["sk-abc", "s\u{200B}k-\u{FEFF}\u{AD}ab\u{7}c", "sk-ab\u{202E}c"] {
            #expect(key.redacted("no sk-ab, sk-\(hidden).") == "no sk-ab, sk-(the key).")
        }
        #expect(key.redacted("sk-abcsk-abc") == "(the key)(the key)")
        #expect(key.redacted("sk ab c é 🚀") == "sk ab c é 🚀")
        #expect(key.secret == "sk-abc")
        #expect("\(key) \(String(reflecting: key))".contains("sk-abc") == false)
        #expect(key.redacted("no key sk-abc, sk-abc") == "no key (the key), (the key)")
        #expect(StreamKey("a b") == nil)
        #expect(StreamKey(" \n") == nil)
        #expect(StreamKey("schlüssel") == nil)
    }
}
