import Testing
import UsageImport

/// Pieces are found whole wherever the blocks of a file are cut.
struct PieceFinderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let says: String
        let framing: Framing
        let text: String
        let pieces: [String]
        var testDescription: String { says }
    }

    private static let cases = [
        Case(
            says: "lines, the last without its end", framing: .lines(marked: nil),
            text: "one\n\nthree\r\nfour", pieces: ["one", "", "three\r", "four"]),
        Case(
            says: "a byte order mark", framing: .lines(marked: nil), text: "\u{FEFF}one\n",
            pieces: ["one"]),
        Case(
            says: "marked lines", framing: .lines(marked: "\"usage\""),
            text: "{\"user\":1}\n{\"usage\":1}\n\"use\"\n\"usage\"\"usage\"\nuuid\n{\"usage\":2}",
            pieces: ["{\"usage\":1}", "\"usage\"\"usage\"", "{\"usage\":2}"]),
        Case(says: "an empty file", framing: .rows, text: "", pieces: []),
        Case(says: "white space", framing: .rows, text: " \n\t\r\n", pieces: []),
        Case(
            says: "values a line", framing: .rows, text: "{\"a\":1}\n{\"b\":\"}\"}\nbad\n{}",
            pieces: ["{\"a\":1}", "{\"b\":\"}\"}", "bad", "{}"]),
        Case(
            says: "one document", framing: .rows, text: "\n{\n \"a\": [1, {\"b\": \"\\\"}\"}]\n}\n",
            pieces: ["{\n \"a\": [1, {\"b\": \"\\\"}\"}]\n}"]),
        Case(
            says: "documents behind each other", framing: .rows, text: "{\n}\n{\n}",
            pieces: ["{\n}", "{\n}"]),
        Case(
            says: "an array", framing: .rows, text: "[ {\"a\":[1]},\n {\"b\":2} ]\n",
            pieces: ["{\"a\":[1]}", "{\"b\":2}"]),
        Case(
            says: "an array cut off", framing: .rows, text: "[{\"a\":1},{\"b\":",
            pieces: ["{\"a\":1}", "! the JSON that begins here does not end"]),
        Case(
            says: "no objects", framing: .rows, text: "[1, 2]",
            pieces: ["! neither an object nor a list of them"]),
        Case(
            says: "a table", framing: .rows, text: "a,b\r\n1,\"x\n\"\"y\"\"\"\r\n2,z",
            pieces: ["a,b\r", "1,\"x\n\"\"y\"\"\"\r", "2,z"]),
        Case(
            says: "quotes inside a bare field", framing: .table, text: "a\"\"b,5\" x\nc\n",
            pieces: ["a\"\"b,5\" x", "c"]),
        Case(
            says: "a quote that is never closed", framing: .table, text: "a\n\"b\nc\nd",
            pieces: ["a", "! a quoted field that does not end", "c", "d"]),
    ]

    private func pieces(_ text: String, _ framing: Framing, blocks of: Int) -> [String] {
        let bytes = Array(text.utf8)
        var finder = PieceFinder(framing)
        var pieces: [String] = []
        var (start, end) = (0, 0)
        while end < bytes.count || start == 0 && end == 0 {
            end = min(end + of, bytes.count)
            let isAtEnd = end == bytes.count
            bytes[start..<end].withUnsafeBytes { block in
                let used = try? finder.pieces(in: block, isAtEnd: isAtEnd) { found, range in
                    switch found {
                    case .piece: pieces.append(String(decoding: block[range], as: UTF8.self))
                    case .broken(let problem): pieces.append("! \(problem)")
                    }
                }
                start += used ?? 0
            }
            if isAtEnd { break }
        }
        return pieces
    }

    @Test(arguments: cases)
    func findsThemInBlocksOfAnySize(given: Case) {
        for size in 1...max(1, given.text.utf8.count) {
            #expect(pieces(given.text, given.framing, blocks: size) == given.pieces, "\(size)")
        }
    }

    /// The mark is looked for 32 places at a time: it may stand at each of them.
    @Test func findsAMarkAtAnyPlace() {
        for before in 0..<70 {
            let line = String(repeating: "\"", count: before) + "\"usage\""
            let text = "x\n\(line)\n"
            #expect(pieces(text, .lines(marked: "\"usage\""), blocks: text.utf8.count) == [line])
        }
    }

    @Test(arguments: ["\"", ""])
    func goesOnBehindARecordThatIsTooLong(quote: String) {
        let long = quote + String(repeating: "x", count: 3 << 20)
        let problem =
            quote.isEmpty ? "a record of more than 1 MiB" : "a quoted field that does not end"
        for size in [100_000, 1_500_000, 4_000_000] {
            #expect(
                pieces("a\n\(long)\nb\nc", .table, blocks: size) == ["a", "! \(problem)", "b", "c"])
        }
    }

    @Test func goesOnBehindALineThatIsTooLong() {
        var finder = PieceFinder(.lines(marked: nil))
        var pieces: [String] = []
        func take(_ text: String, isAtEnd: Bool) -> Int? {
            Array(text.utf8).withUnsafeBytes { block in
                try? finder.pieces(in: block, isAtEnd: isAtEnd) { _, range in
                    pieces.append(String(decoding: block[range], as: UTF8.self))
                }
            }
        }
        #expect(take("one\nlong", isAtEnd: false) == 4)
        guard case .broken(let problem) = finder.skipLongPiece() else {
            Issue.record("nothing was broken")
            return
        }
        #expect(problem == "a line of more than 64 MiB")
        #expect(take("long", isAtEnd: false) == 4)
        #expect(take("er\ntwo", isAtEnd: true) == 6)
        #expect(pieces == ["one", "two"])
    }
}
