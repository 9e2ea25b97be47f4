import NIOCore
import StandInUpstream
import Testing

@Suite struct RecordingTests {
    struct Case: CustomTestStringConvertible {
        let text: String
        let pieces: [String]
        let type: String
        var testDescription: String { text.debugDescription }
    }

    @Test(arguments: [
        Case(
            text: ": hi\n\ndata: 1\n\ndata: 2", pieces: [": hi\n\n", "data: 1\n\n", "data: 2"],
            type: "text/event-stream"),
        Case(
            text: "data: 1\r\n\r\ndata: 2\r\n\r\n", pieces: ["data: 1\r\n\r\n", "data: 2\r\n\r\n"],
            type: "text/event-stream"),
        Case(
            text: "{\"a\":1}\n{\"a\":2}\n", pieces: ["{\"a\":1}\n", "{\"a\":2}\n"],
            type: "application/x-ndjson"),
        Case(text: "[{\n},\n{}]", pieces: ["[{\n},\n{}]"], type: "application/json"),
        Case(text: "{\n \"a\": 1\n}", pieces: ["{\n \"a\": 1\n}"], type: "application/json"),
    ])
    func isCutWhereItsFramingCutsIt(_ sample: Case) {
        let recording = Recording(Array(sample.text.utf8))
        #expect(recording.pieces.map { String(buffer: $0) } == sample.pieces)
        #expect(recording.contentType == sample.type)
    }
}
