import JSONBytes
import Testing

/// Reads a whole text as one value.
func readJSON(_ bytes: [UInt8]) throws -> JSONValue {
    try bytes.withUnsafeBufferPointer { buffer in
        var reader = JSONReader(buffer)
        let value = try reader.value()
        try reader.expectEnd()
        return value
    }
}

func readJSON(_ text: String) throws -> JSONValue { try readJSON(Array(text.utf8)) }

struct JSONReaderTests {
    @Test func readsEveryKindOfValue() throws {
        let value = try readJSON(
            #" { "a" : null , "b":[true,false, -1 ,0],"c":{},"d":[],"e":"x" } "#)
        #expect(
            value
                == .object([
                    "a": .null, "b": .array([true, false, -1, 0]), "c": .object(JSONObject()),
                    "d": .array([]), "e": "x",
                ]))
        #expect(value["b"] == .array([true, false, -1, 0]))
        #expect(value["z"] == nil)
    }

    @Test(arguments: ["null", " true\n", "0", "-0", "\"\"", "[]", "{}", "\t[ ]\r\n"])
    func readsSingleValues(text: String) {
        #expect(throws: Never.self) { try readJSON(text) }
    }

    @Test(arguments: [
        "", " ", "[1,]", "{\"a\":1,}", "[,]", "{,}", "[1 2]", "[1,,2]", "{\"a\" 1}", "{\"a\":}",
        "{a:1}", "{'a':1}", "['a']", "[1", "{\"a\":1", "{\"a\"", "{", "[", "\"", "\"abc", "]", "}",
        "[1]]", "{}{}", "1 2", "nul", "nulll", "True", "NaN", "Infinity", "undefined", "// x\n1",
        "[1]/* x */", "{1:2}", "{null:1}", "\u{FEFF}1", "\u{A0}1", "[1;2]", "{\"a\"=1}", "\u{0C}1",
        "[\"a\":1]", "{\"a\",1}", "tru", "falsee", "-", "+1", "- 1", "0x1", "1_0", "１",
    ])
    func refusesWhatIsNotJSON(text: String) {
        #expect(throws: JSONError.self) { try readJSON(text) }
    }

    @Test(arguments: [
        "1.0", "1.5", "0.0", "1.", ".5", "1e3", "1E3", "1e-3", "-1e0", "01", "00", "-01", "007",
        "9223372036854775808", "-9223372036854775809", "99999999999999999999", "1a",
    ])
    func refusesNumbersThatAreNotWholeOrTooLarge(text: String) {
        #expect(throws: JSONError.self) { try readJSON(text) }
        #expect(throws: JSONError.self) { try readJSON("[\(text)]") }
        #expect(throws: JSONError.self) { try readJSON("{\"n\":\(text)}") }
    }

    @Test func readsNumbersToTheEndsOfInt64() throws {
        #expect(try readJSON("9223372036854775807") == .integer(Int64.max))
        #expect(try readJSON("-9223372036854775807") == .integer(-Int64.max))
        let lowest = try readJSON("-9223372036854775808")
        #expect(lowest == .integer(Int64.min))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let string: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: #""""#, string: ""),
        Case(text: #""a\"b\\c\/d""#, string: "a\"b\\c/d"),
        Case(text: #""\b\f\n\r\t""#, string: "\u{8}\u{C}\n\r\t"),
        Case(text: #""\u0041\u00e9\u4E2d\uFFFF""#, string: "A\u{E9}\u{4E2D}\u{FFFF}"),
        Case(text: #""\ud83d\ude00""#, string: "\u{1F600}"),
        Case(text: #""\uD800\uDC00\uDBFF\uDFFF""#, string: "\u{10000}\u{10FFFF}"),
        Case(text: #""\u0000""#, string: "\u{0}"),
        Case(text: "\"中文 😀 é\"", string: "中文 😀 é"),
        Case(text: "\"\u{7F}\u{2028}\"", string: "\u{7F}\u{2028}"),
        Case(text: #""中\n文\u0021""#, string: "中\n文!"),
        Case(text: #""\\u0041""#, string: "\\u0041"),
    ])
    func readsStrings(_ given: Case) throws {
        #expect(try readJSON(given.text) == .string(given.string))
    }

    @Test(arguments: [
        #""\x41""#, #""\u12""#, #""\u123g""#, #""\u 123""#, #""\u+123""#, #""\"#, #""\""#,
        #""\U0041""#, #""\a""#, #""\0""#, #""\u""#,
        // Halves of surrogate pairs, alone, in the wrong order and cut short.
        #""\ud83d""#, #""\ude00""#, #""\ude00\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#,
        #""\ud83d\u0041""#, #""\ud83d\ud83d""#, #""\ud83d\u""#, #""\ud83d\ude0""#,
    ])
    func refusesBrokenEscapes(text: String) {
        #expect(throws: JSONError.self) { try readJSON(text) }
    }

    @Test(arguments: Array(0..<0x20) as [UInt8])
    func refusesControlCharactersInStrings(byte: UInt8) {
        #expect(throws: JSONError.self) { try readJSON([0x22, 0x61, byte, 0x22]) }
        #expect(throws: JSONError.self) { try readJSON([0x22, 0x5C, byte, 0x22]) }
        #expect(throws: JSONError.self) {
            try readJSON([0x7B, 0x22, byte, 0x22, 0x3A, 0x31, 0x7D])
        }
    }

    /// Overlong forms, surrogates, values past U+10FFFF, lone and missing continuation bytes.
    private static let invalidUTF8: [[UInt8]] = [
        [0xFF], [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
        [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3],
        [0xE4, 0xB8], [0xF0, 0x9F, 0x98], [0xFE, 0xFE], [0xC3, 0x41],
    ]

    @Test(arguments: invalidUTF8)
    func refusesInvalidUTF8InStrings(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try readJSON([0x22] + bytes + [0x22]) }
        // Beside an escape too.
        #expect(throws: JSONError.self) { try readJSON([0x22, 0x5C, 0x6E] + bytes + [0x22]) }
        #expect(throws: JSONError.self) { try readJSON([0x22] + bytes + [0x5C, 0x6E, 0x22]) }
    }

    @Test(arguments: invalidUTF8)
    func refusesInvalidUTF8InKeys(bytes: [UInt8]) {
        #expect(throws: JSONError.self) {
            try readJSON([0x7B, 0x22] + bytes + [0x22, 0x3A, 0x31, 0x7D])
        }
    }

    /// As most programs read what others wrote.
    @Test func readsWhatOthersWriteWhereItIsToldTo() throws {
        func lenient(_ text: [UInt8]) throws -> (JSONValue, hasDuplicates: Bool) {
            try text.withUnsafeBufferPointer { bytes in
                var reader = JSONReader(bytes)
                reader.isLenient = true
                let value = try reader.value()
                return (value, reader.hasDuplicates)
            }
        }
        let twice = Array(#"{"a":1,"b":{"c":2,"c":[3]},"a":4}"#.utf8)
        #expect(throws: JSONError(offset: 22, problem: "a key twice: c")) {
            try JSONReader.value(of: twice)
        }
        let last = try lenient(twice)
        #expect(last.0 == .object(["a": 4, "b": .object(["c": .array([3])])]))
        #expect(last.hasDuplicates)
        // Half of a surrogate pair, alone, before another escape, and before another half; no UTF-8.
        for (text, wanted) in [
            (Array(#""x\ud83d""#.utf8), "x\u{FFFD}"), (Array(#""\ud83d\u0041""#.utf8), "\u{FFFD}A"),
            (Array(#""\udc00\ud83d\ude80""#.utf8), "\u{FFFD}🚀"),
            ([0x22, 0x61, 0xFF, 0x62, 0x22], "a\u{FFFD}b"),
            ([0x22, 0x5C, 0x6E, 0xFF, 0x22], "\n\u{FFFD}"),
        ] as [([UInt8], String)] {
            #expect(throws: JSONError.self) { try JSONReader.value(of: text) }
            #expect(try lenient(text).0 == .string(wanted))
        }
    }

    /// Names are the same however they are written.
    @Test func resolvesTheEscapesOfKeys() throws {
        let text = #"{"gr\u00f6\u00dfe":1,"a\/b":{"\u0075sage":2}}"#
        let value = try JSONReader.value(of: Array(text.utf8))
        #expect(value == .object(["größe": 1, "a/b": .object(["usage": 2])]))
        let twice = #"{"usage":1,"\u0075sage":2}"#
        #expect(throws: JSONError.self) { try JSONReader.value(of: Array(twice.utf8)) }
        #expect(throws: JSONError.self) { try JSONReader.value(of: Array(#"{"\ud83d":1}"#.utf8)) }
    }

    @Test func readsUpToSixtyFourLevels() throws {
        func nested(_ open: String, _ close: String, _ levels: Int) -> String {
            String(repeating: open, count: levels) + String(repeating: close, count: levels)
        }
        #expect(JSONReader.maximumDepth == 64)
        #expect(throws: Never.self) { try readJSON(nested("[", "]", 64)) }
        #expect(throws: JSONError.self) { try readJSON(nested("[", "]", 65)) }
        #expect(throws: Never.self) {
            try readJSON(
                String(repeating: "{\"a\":", count: 63) + "1" + String(repeating: "}", count: 63))
        }
        #expect(throws: JSONError.self) {
            try readJSON(
                String(repeating: "{\"a\":", count: 64) + "1" + String(repeating: "}", count: 64))
        }
    }

    /// Leniently, what lies deeper is passed over, and nothing beside it is lost.
    @Test func passesOverWhatIsDeeperWhereItIsToldTo() throws {
        func lenient(_ text: String) -> JSONValue? {
            Array(text.utf8).withUnsafeBytes { JSONReader.lenientValue(of: $0) }
        }
        for (open, close) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"]}\"":"#, "}]")] {
            for levels in [63, 64, 65, 1_000, 500_000] {
                let deep =
                    String(repeating: open, count: levels) + "12"
                    + String(repeating: close, count: levels)
                #expect(lenient(#"{"x":\#(deep),"y":7}"#)?["y"] == 7, "\(open) \(levels)")
                #expect(lenient(#"{"x":\#(deep.dropLast()),"y":7}"#) == nil)
            }
        }
    }

    /// A bomb of a million brackets is refused at once, on a small stack.
    @Test func refusesADepthBomb() {
        for open in ["[", "{\"a\":", "[{\"a\":"] {
            #expect(throws: JSONError.self) {
                try readJSON(String(repeating: open, count: 1_000_000))
            }
        }
    }

    @Test func saysWhereItFailed() {
        #expect(throws: JSONError(offset: 4, problem: "expected a whole number")) {
            try readJSON("[1, ]")
        }
        #expect(
            JSONError(offset: 4, problem: "expected , or ]").description
                == "expected , or ] at byte 5")
        #expect {
            try readJSON("[1] x")
        } throws: { error in
            (error as? JSONError)?.offset == 4
        }
    }

    @Test func pullsValuesWithoutATree() throws {
        let bytes = Array(#"{"usage": {"prompt_tokens": 12, "x": null}, "choices": []}"#.utf8)
        var tokens: Int64?
        var keys: [String] = []
        try bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(buffer)
            try reader.object { reader, key in
                keys.append(String(decoding: key, as: UTF8.self))
                guard key.elementsEqual("usage".utf8) else {
                    try reader.array { _ in }
                    return
                }
                try reader.object { reader, key in
                    if key.elementsEqual("prompt_tokens".utf8) {
                        tokens = try reader.integer()
                    } else {
                        let isNull = reader.takeNull()
                        #expect(isNull)
                    }
                }
            }
            try reader.expectEnd()
        }
        #expect(tokens == 12)
        #expect(keys == ["usage", "choices"])
    }

    /// Whatever the bytes are, they are read or refused: no trap, no read past the end.
    @Test(arguments: seeds)
    func survivesBrokenBytes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let document = Array(
            #"{"a":[1,-20,"x\u00e9\ud83d\ude00\n",{"b":null,"c":[true,false]}],"中":"文"}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = document
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch random.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes = Array(bytes.prefix(max(1, place)))
                }
            }
            guard let value = try? readJSON(bytes) else { continue }
            // What is read at all is written as JSON that reads alike.
            if try readJSON(value.compactBytes) != value {
                Issue.record("seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }
}
