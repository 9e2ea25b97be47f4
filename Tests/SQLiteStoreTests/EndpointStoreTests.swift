import Pricing
import RateCatalog
import SQLiteStore
import Testing

@Suite struct EndpointStoreTests {
    @Test func keepsWhereAChannelIsSpokenTo() throws {
        let scratch = try Scratch()
        let store = try SQLiteStore(path: scratch.database)
        let catalog = try CatalogReader.read(RateFile.embedded)
        try store.load(catalog)
        let kept = try #require(try store.catalog(digest: catalog.digest))
        let endpoints = { (catalog: Catalog) in
            Dictionary(uniqueKeysWithValues: catalog.channels.map { ($0.id, $0.endpoints) })
        }
        #expect(endpoints(kept) == endpoints(catalog))
        #expect(endpoints(kept)["holysheep"]?.webSocketURL == "wss://api.holysheep.ai/v1/ws/chat")
        #expect(endpoints(kept)["azure"] == ChannelEndpoints.none)
    }
}
