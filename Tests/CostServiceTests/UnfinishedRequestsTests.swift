import CostService
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

/// Clients that wait to be asked for a body are, and those that never end one are not waited for.
struct UnfinishedRequestsTests {
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(UnfinishedRequests())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func read(_ part: HTTPRequestPart) throws { try channel.writeInbound(part) }

    private func head(_ fields: HTTPFields = [:]) -> HTTPRequestPart {
        .head(
            HTTPRequest(
                method: .post, scheme: "http", authority: "a", path: "/", headerFields: fields))
    }

    private func answer() throws {
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .notFound)))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
    }

    private func passes(_ seconds: Int64) {
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
    }

    @Test func whoWaitsToBeAskedIsAsked() throws {
        try read(head([.expect: "100-Continue"]))
        let asked = try channel.readOutbound(as: HTTPResponsePart.self)
        guard case .head(let response)? = asked else {
            Issue.record("\(String(describing: asked))")
            return
        }
        #expect(response.status == .continue)
        #expect(try channel.readInbound(as: HTTPRequestPart.self) != nil)
        try read(.end(nil))
        try read(head())
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
    }

    /// An answer that is being written has no place for another's.
    @Test func whoAsksAheadIsNotInterruptedForIt() throws {
        try read(head())
        try read(.end(nil))
        try read(head([.expect: "100-continue"]))
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
        try answer()
        passes(100)
        #expect(channel.isActive)
    }

    /// Drop by drop: each is a sign of life, and none is the end.
    @Test func theRestOfWhatWasAnsweredIsNotWaitedForForEver() throws {
        try read(head())
        try answer()
        for _ in 0..<5 {
            passes(10)
            try read(.body(ByteBuffer(string: "x")))
        }
        #expect(channel.isActive)
        passes(10)
        #expect(!channel.isActive)
    }

    @Test func whoEndsItMayAskAgain() throws {
        try read(head())
        try answer()
        passes(59)
        try read(.end(nil))
        passes(59)
        try read(head())
        passes(100)
        // A request that is not answered yet has limits elsewhere.
        #expect(channel.isActive)
        try read(.end(nil))
        try answer()
        passes(100)
        #expect(channel.isActive)
    }
}
