import ConfigFiles
import Pricing
import RateCatalog
import Testing

@Suite struct EndpointTests {
    private func file(_ keys: String) -> RateFile {
        RateFile(
            name: "shop.yml",
            text: """
                channel: shop
                currency: USD
                \(keys)
                names:
                  - {model: gpt-4.1, names: [ours]}
                """)
    }

    private func faults(_ keys: String) -> [String] {
        CatalogReader.faults(in: RateFile.embedded + [file(keys)])
            .filter { $0.file == "shop.yml" }.map { "\($0.field): \($0.problem)" }
    }

    @Test func aChannelSaysWhereAndHowItIsSpokenTo() throws {
        let catalog = try CatalogReader.read(
            RateFile.embedded + [
                file(
                    """
                    api: anthropic-messages
                    base_url: http://10.0.0.7:8000/v1?region=eu
                    websocket_url: wss://shop.example.com/ws
                    """)
            ])
        let channel = try #require(catalog.channels.first { $0.id == "shop" })
        #expect(
            channel.endpoints
                == ChannelEndpoints(
                    api: "anthropic-messages", baseURL: "http://10.0.0.7:8000/v1?region=eu",
                    webSocketURL: "wss://shop.example.com/ws"))
    }

    @Test func oneThatSaysNothingHasNone() throws {
        let catalog = try CatalogReader.read(RateFile.embedded + [file("name: Shop")])
        #expect(catalog.channels.first { $0.id == "shop" }?.endpoints == ChannelEndpoints.none)
    }

    @Test(arguments: [
        "base_url: https://shop.example.com/v1", "api: openai-chats",
        "api: gemini\nbase_url: shop.example.com", "api: gemini\nbase_url: https://",
        "api: gemini\nbase_url: wss://shop.example.com",
        "websocket_url: https://shop.example.com/ws",
        "api: gemini\nbase_url: https://key@shop.example.com",
        "api: gemini\nbase_url: https://shop.example.com/v1#top",
        "websocket_url: wss://shop.example.com/ws?api_key=sk-1",
    ]) func refusesWhatNobodyCanBeAskedAt(_ keys: String) {
        let faults = faults(keys)
        #expect(faults.count == 1, "\(faults)")
        #expect(!faults.joined().contains("sk-1"), "a key is not repeated")
    }

    @Test func everyShippedAddressIsOneOfTLS() throws {
        let channels = try CatalogReader.read(RateFile.embedded).channels
        let spoken = channels.filter { $0.endpoints != .none }
        #expect(spoken.count >= 14)
        for channel in spoken {
            #expect(channel.keyVariable != nil, "\(channel.id) has no variable for its key")
            for url in [channel.endpoints.baseURL, channel.endpoints.webSocketURL] {
                guard let url else { continue }
                #expect(url.hasPrefix("https://") || url.hasPrefix("wss://"), "\(url)")
                #expect(!url.hasSuffix("/"), "\(url): routes begin with a slash")
            }
        }
    }
}
