import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPCompression

/// Unpacks a body that an upstream packed though it was asked not to, so that it can be metered.
final class ContentDecoder {
    /// What a packed body may become.
    private static let maximumRatio = 200

    private let channel: EmbeddedChannel

    /// `nil` for a coding that is not known here.
    init?(_ head: HTTPResponseHead) {
        let codings = head.headers[canonicalForm: "content-encoding"].map { $0.lowercased() }
        guard codings.count == 1, ["gzip", "deflate"].contains(codings[0]) else { return nil }
        channel = EmbeddedChannel()
        do {
            try channel.pipeline.syncOperations.addHandler(
                NIOHTTPResponseDecompressor(limit: .ratio(Self.maximumRatio)))
            try channel.writeInbound(HTTPClientResponsePart.head(head))
            _ = try channel.readInbound(as: HTTPClientResponsePart.self)
        } catch {
            return nil
        }
    }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

    /// What some bytes hold; `nil` once they cannot be read.
    func decode(_ bytes: ByteBuffer) -> [ByteBuffer]? {
        do {
            try channel.writeInbound(HTTPClientResponsePart.body(bytes))
            var pieces: [ByteBuffer] = []
            while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
                if case .body(let piece) = part { pieces.append(piece) }
            }
            return pieces
        } catch {
            return nil
        }
    }
}
