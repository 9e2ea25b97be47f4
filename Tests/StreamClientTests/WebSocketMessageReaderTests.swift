import NIOCore
import Testing
import WebSocketMessages

@Suite struct WebSocketMessageReaderTests {
    private typealias Frame = WebSocketMessageReader.Frame
    private typealias Event = WebSocketMessageReader.Event

    private func frame(_ opcode: UInt8, _ bytes: [UInt8] = [], fin: Bool = true) -> Frame {
        Frame(
            isFinal: fin, hasReservedBits: false, opcode: opcode, payload: ByteBuffer(bytes: bytes))
    }

    private func events(_ frames: Frame..., limit: Int = 100) -> [Event] {
        var reader = WebSocketMessageReader(maximumMessageBytes: limit)
        return frames.map { reader.read($0) }
    }

    private func code(_ event: Event?) -> UInt16? {
        guard case .violation(let close)? = event else { return nil }
        return close.code?.rawValue
    }

    @Test func aMessageOfOneFrame() {
        #expect(
            events(frame(0x1, Array("价".utf8)), frame(0x2, [0xFF])) == [
                .message(WebSocketMessage(text: "价")),
                .message(WebSocketMessage(.binary, ByteBuffer(bytes: [0xFF]))),
            ])
        #expect(events(frame(0x1)) == [.message(WebSocketMessage(text: ""))])
    }

    @Test func aMessageInPiecesWithAPingBetween() {
        let text = Array("价格".utf8)
        #expect(
            events(
                frame(0x1, Array(text[..<2]), fin: false), frame(0x9, [1]),
                frame(0x0, Array(text[2..<4]), fin: false), frame(0x0, Array(text[4...])),
                frame(0x1, [0x61])
            ) == [
                .nothing, .ping(ByteBuffer(bytes: [1])), .nothing,
                .message(WebSocketMessage(text: "价格")), .message(WebSocketMessage(text: "a")),
            ])
    }

    @Test func aTextThatIsNoneIsRefusedAtItsFirstWrongByte() {
        #expect(code(events(frame(0x1, [0x61, 0xC0], fin: false)).last) == 1007)
        #expect(code(events(frame(0x1, [0xE4, 0xBB])).last) == 1007)
        #expect(code(events(frame(0x1, [0xE4], fin: false), frame(0x0, [0x61])).last) == 1007)
        #expect(events(frame(0x2, [0xC0])).last.flatMap(code) == nil, "bytes may be anything")
    }

    @Test func whatNoPeerMaySendIsAProtocolError() {
        let reserved = Frame(
            isFinal: true, hasReservedBits: true, opcode: 0x1, payload: ByteBuffer())
        #expect(code(events(reserved).last) == 1002)
        #expect(code(events(frame(0x0, [1])).last) == 1002, "nothing to go on with")
        #expect(code(events(frame(0x1, fin: false), frame(0x1)).last) == 1002)
        #expect(code(events(frame(0x1, fin: false), frame(0x2)).last) == 1002)
        for opcode: UInt8 in [0x3, 0x7, 0xB, 0xF] {
            #expect(code(events(frame(opcode)).last) == 1002, "opcode \(opcode)")
        }
        #expect(code(events(frame(0x9, fin: false)).last) == 1002)
        #expect(code(events(frame(0xA, Array(repeating: 0, count: 126))).last) == 1002)
        #expect(
            events(frame(0xA, Array(repeating: 0, count: 125))) == [
                .pong(ByteBuffer(bytes: Array(repeating: 0, count: 125)))
            ])
    }

    @Test func aCloseIsReadOrRefused() {
        #expect(events(frame(0x8)) == [.close(WebSocketClose(nil, ""))])
        #expect(
            events(frame(0x8, [0x03, 0xE8] + Array("再见".utf8))) == [
                .close(WebSocketClose(.normal, "再见"))
            ])
        #expect(code(events(frame(0x8, [0x03])).last) == 1002)
        #expect(code(events(frame(0x8, [0x03, 0xE8, 0xC0])).last) == 1007)
    }

    @Test(arguments: [1000, 1003, 1007, 1014, 3000, 4999])
    func aCodeThatPeersMaySend(_ number: UInt16) {
        #expect(WebSocketClose.Code.maySend(number))
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
    func aCodeThatNoPeerMaySend(_ number: UInt16) {
        #expect(!WebSocketClose.Code.maySend(number))
        #expect(code(events(frame(0x8, [UInt8(number >> 8), UInt8(number & 0xFF)])).last) == 1002)
    }

    @Test func aMessageIsNoLargerThanItsLimit() {
        let ten = Array(repeating: UInt8(0x61), count: 10)
        #expect(code(events(frame(0x1, ten), limit: 10).last) == nil)
        #expect(code(events(frame(0x1, ten), limit: 9).last) == 1009)
        #expect(
            code(events(frame(0x2, ten, fin: false), frame(0x0, [1]), limit: 10).last) == 1009)
    }

    @Test func aReasonIsCutBetweenCharacters() {
        // Two bytes of code, 41 characters of three bytes.
        let long = WebSocketClose(.normal, String(repeating: "价", count: 50))
        #expect(long.payload.readableBytes == 2 + 41 * 3)
        #expect(WebSocketClose(nil, "").payload.readableBytes == 0)
    }
}
