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

    private static let packageServer =
        ProcessInfo.processInfo.environment["WEBSOCKETS_URL"]

    /// Fragments, pings between them, a close with a code, and a refusal, by Python's `websockets`.
    @Test(.enabled(if: packageServer != nil, "scripts/autobahn runs it"))
    func agreesWithTheWebSocketsPackage() async throws {
        let server = try #require(Self.packageServer)
        let client = try WebSocketClient()
        let connection = try await client.connect(to: try StreamAddress("\(server)/echo"))
        let messages = [
            WebSocketMessage(text: ""), WebSocketMessage(text: "价格 🙂"),
            WebSocketMessage(text: String(repeating: "long 长 ", count: 100_000)),
            WebSocketMessage(.binary, ByteBuffer(bytes: (0..<70_000).map { UInt8($0 & 0xFF) })),
        ]
        for message in messages {
            try await connection.send(message)
            #expect(try await connection.next() == message)
        }
        try await connection.send(WebSocketMessage(text: "bye"))
        #expect(try await connection.next() == nil)
        #expect(
            await connection.closing()
                == WebSocketClose(WebSocketClose.Code(rawValue: 3000), "as asked"))
        let error = await #expect(throws: StreamError.self) {
            try await client.connect(to: try StreamAddress("\(server)/refuse"))
        }
        #expect(
            error?.reason
                == .status(403, retryAfterMilliseconds: nil, message: "not you"))
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
