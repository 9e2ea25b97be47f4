import Foundation
import NIOCore
import StreamClient
import Testing
import WebSocketMessages

/// The client as the subject of Autobahn's fuzzing server: `scripts/autobahn` starts one, names it
/// here, and judges what it reports.
@Suite struct AutobahnTests {
    private static let server = ProcessInfo.processInfo.environment["AUTOBAHN_URL"]

    @Test(.enabled(if: server != nil, "scripts/autobahn runs it"))
    func answersEveryCaseWithWhatItSent() async throws {
        let server = try #require(Self.server)
        var settings = StreamSettings()
        settings.limits.maximumMessageBytes = 32 << 20
        let client = try WebSocketClient(settings)
        let count = try #require(try await Self.count(client, server))
        #expect(count > 0)
        for number in 1...max(count, 1) {
            await Self.echo(client, "\(server)/runCase?case=\(number)&agent=tokenmeter")
        }
        await Self.echo(client, "\(server)/updateReports?agent=tokenmeter")
    }

    private static func count(_ client: WebSocketClient, _ server: String) async throws -> Int? {
        let connection = try await client.connect(to: try StreamAddress("\(server)/getCaseCount"))
        var messages = connection.messages.makeAsyncIterator()
        return try await messages.next().flatMap { Int(String(buffer: $0.bytes)) }
    }

    /// However a case ends, the server has seen it.
    private static func echo(_ client: WebSocketClient, _ address: String) async {
        do {
            let connection = try await client.connect(to: try StreamAddress(address))
            for try await message in connection.messages { try await connection.send(message) }
            await connection.close()
        } catch {}
    }
}
