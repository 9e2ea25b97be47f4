import MeteringRelay
import NIOHTTP1
import ProviderUsage
import StreamClient
import Testing

/// What passes between a client and a vendor besides the bodies.
struct HeaderRulesTests {
    /// Gemini's clients may write their key into the address; one of ours goes nowhere.
    @Test(arguments: [
        ("/v1beta/models/m:generateContent?key=vendor&alt=sse", ["vendor"]),
        ("/v1beta/models/m:generateContent?key=tm_0123456789_secret", []), ("/x?key=", []),
        ("/x?other=key=1", []),
    ]) func aKeyOfTheQueryIsPassedOnAsAHeader(uri: String, keys: [String]) throws {
        var upstream = RelayUpstream(
            name: "google", channel: "google", apis: [.gemini],
            address: try StreamAddress("https://vendor.example/v1beta"))
        upstream.key = .clients
        let sent = HeaderRules.request([:], to: upstream, .gemini, uri: uri)
        #expect(sent.filter { $0.name == "x-goog-api-key" }.map(\.value) == keys)
        let header = HeaderRules.request(
            ["x-goog-api-key": "mine"], to: upstream, .gemini, uri: uri)
        #expect(header.filter { $0.name == "x-goog-api-key" }.map(\.value) == ["mine"])
    }

    @Test func aKeyOfOursIsInNoHeader() throws {
        let upstream = RelayUpstream(
            name: "openai", channel: "openai", apis: [.openAIChat],
            address: try StreamAddress("https://vendor.example/v1"))
        let ours = "tm_0123456789_" + String(repeating: "a", count: 43)
        let sent = HeaderRules.request(
            ["x-foo": ours, "x-bar": "utm_source"], to: upstream, .openAIChat)
        #expect(sent.map(\.name) == ["x-bar"])
    }

    private func upstream(_ key: RelayUpstream.Key = .none) throws -> RelayUpstream {
        var upstream = RelayUpstream(
            name: "u", channel: "openai", apis: [.openAIChat],
            address: try StreamAddress("http://127.0.0.1:1/v1"))
        upstream.key = key
        return upstream
    }

    private func names(_ headers: [(name: String, value: String)]) -> [String] {
        headers.map { $0.name.lowercased() }.sorted()
    }

    @Test func neitherKeysNorTheConnectionPass() throws {
        let given: HTTPHeaders = [
            "Host": "relay", "Content-Type": "application/json", "Content-Length": "5",
            "Connection": "keep-alive, X-Private", "X-Private": "1", "Keep-Alive": "5",
            "Transfer-Encoding": "chunked", "TE": "trailers", "Upgrade": "h2c",
            "Accept-Encoding": "gzip", "Authorization": "Bearer tm_a_b", "X-API-Key": "tm_a_b",
            "x-goog-api-key": "tm_a_b", "Cookie": "c", "Origin": "o", "Referer": "r",
            "X-Tokenmeter-Project": "web", "X-Forwarded-For": "1.2.3.4", "Sec-Fetch-Mode": "cors",
            "Expect": "100-continue", "OpenAI-Beta": "x", "User-Agent": "sdk",
        ]
        let passed = HeaderRules.request(given, to: try upstream(), .openAIChat)
        #expect(names(passed) == ["content-type", "openai-beta", "user-agent"])
    }

    /// The same rules for any case of a name's letters, and for no name that only begins or ends alike.
    @Test func namesAreReadInAnyCaseAndWhole() throws {
        let given: HTTPHeaders = [
            "COOKIE": "c", "cOnNeCtIoN": "Close", "X-REAL-IP": "1.2.3.4", "SEC-CH-UA": "x",
            "x-TOKENMETER-anything": "1", "X-FORWARDED-PROTO": "https", "Cookies": "1",
            "My-Cookie": "1", "Close": "1", "TEN": "1", "X-Tokenmeter": "1", "Secret": "1",
        ]
        let passed = HeaderRules.request(given, to: try upstream(), .openAIChat)
        #expect(
            names(passed) == [
                "close", "cookies", "my-cookie", "secret", "ten", "x-tokenmeter",
            ])
    }

    @Test(arguments: [
        ("keep-alive", true), ("Close", true), ("close, X-Private", false), ("x-private", false),
        ("keep-alive,x-PRIVATE", false),
    ]) func whatConnectionNamesIsOfTheConnection(value: String, passes: Bool) throws {
        let given: HTTPHeaders = ["Connection": value, "X-Private": "1"]
        let expected = passes ? ["x-private"] : []
        #expect(names(HeaderRules.request(given, to: try upstream(), .openAIChat)) == expected)
        let back = HeaderRules.response(given, isChanged: false)
        #expect(back.map { $0.name.lowercased() } == expected)
    }

    @Test func eachApiHasItsOwnPlaceForAKey() throws {
        let key = try #require(StreamKey("sk-1"))
        for (api, header) in [
            (StreamAPI.openAIChat, "authorization"), (.openAIResponses, "authorization"),
            (.anthropicMessages, "x-api-key"), (.gemini, "x-goog-api-key"),
        ] {
            let passed = HeaderRules.request(
                ["Authorization": "Bearer other"], to: try upstream(.ours(key)), api)
            #expect(names(passed) == [header])
            #expect(passed[0].value.hasSuffix("sk-1"))
        }
    }

    @Test func aClientsOwnKeyPassesWhereItMayAndNoneOfOurs() throws {
        let passed = HeaderRules.request(
            ["Authorization": "Bearer sk-own", "x-api-key": "tm_a_b"], to: try upstream(.clients),
            .openAIChat)
        #expect(passed.map(\.value) == ["Bearer sk-own"])
    }

    @Test func theFilesHeadersStandInPlaceOfTheClients() throws {
        var upstream = try upstream()
        upstream.headers = [("OpenAI-Organization", "ours")]
        let passed = HeaderRules.request(
            ["openai-organization": "theirs"], to: upstream, .openAIChat)
        #expect(passed.map(\.value) == ["ours"])
    }

    @Test(arguments: [
        "/v1/x?alt=sse&key=tm_a_b", "/v1/x?api_key=tm_a_b&alt=sse", "/v1/x?%6bey=tm_a_b&alt=sse",
        "/v1/x?alt=sse&other=tm_a_b", "/v1/x?alt=sse&other=tm%5Fa_b", "/v1/x?alt=sse",
    ]) func noKeyPassesInAQuery(uri: String) {
        #expect(RelayRoute.query(of: uri) == "alt=sse")
    }

    @Test func whatIsAboutTheVendorsHostDoesNotComeBack() {
        let given: HTTPHeaders = [
            "Content-Type": "text/event-stream", "Content-Length": "5", "Set-Cookie": "c",
            "Alt-Svc": "h3", "Strict-Transport-Security": "x", "Connection": "close",
            "Transfer-Encoding": "chunked", "Access-Control-Allow-Origin": "*",
            "X-Tokenmeter-Event": "forged", "X-Request-ID": "r", "Retry-After": "1",
            "Content-Encoding": "gzip",
        ]
        func passed(_ isChanged: Bool) -> [String] {
            HeaderRules.response(given, isChanged: isChanged).map { $0.name.lowercased() }.sorted()
        }
        let always = ["content-encoding", "content-type", "retry-after", "x-request-id"]
        #expect(passed(true) == always)
        #expect(passed(false) == (["content-length"] + always).sorted())
    }
}
