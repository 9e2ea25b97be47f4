import JSONBytes
import Testing

struct JSONWriterTests {
    private func text(_ value: JSONValue) -> String {
        String(decoding: value.compactBytes, as: UTF8.self)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let string: String
        let json: String
        var testDescription: String { json }
    }

    @Test(arguments: [
        Case(string: "", json: #""""#), Case(string: "plain", json: #""plain""#),
        Case(string: "a\"b\\c/d", json: #""a\"b\\c/d""#),
        Case(string: "\n\r\t", json: #""\n\r\t""#),
        Case(string: "\u{0}\u{1}\u{8}\u{C}\u{1F}", json: #""\u0000\u0001\u0008\u000c\u001f""#),
        Case(string: "中文 😀 ¥", json: "\"中文 😀 ¥\""),
        Case(string: "\u{7F}", json: "\"\u{7F}\""),
        // One character of Swift, two of JSON.
        Case(string: "\r\n", json: #""\r\n""#),
        Case(string: "e\u{301}\"", json: "\"e\u{301}\\\"\""),
    ])
    func escapesOnlyWhatMustBe(_ given: Case) {
        #expect(text(.string(given.string)) == given.json)
    }

    @Test func writesIntegers() {
        let values: [Int64] = [0, 1, -1, 10, -10, 100, 1_234_567, .max, .min]
        for value in values { #expect(text(.integer(value)) == "\(value)") }
    }

    @Test func keepsTheOrderAndLeavesOutWhatIsAbsent() {
        let value = JSONValue.object([
            "schema": "tokenmeter.price/1", "b": 1, "a": nil, "c": .null, "d": true,
        ])
        #expect(text(value) == #"{"schema":"tokenmeter.price/1","b":1,"c":null,"d":true}"#)
        #expect(value["a"] == nil)
        #expect(value["c"] == .null)
        #expect(text(.optional(nil)) == "null")
        #expect(text(.optional("x")) == "\"x\"")
    }

    @Test func writesPrettyLines() {
        let value = JSONValue.object([
            "a": .array([1, .array([])]), "b": .object(JSONObject()), "c": .object(["d": "e"]),
        ])
        #expect(
            String(decoding: value.prettyBytes, as: UTF8.self) == """
                {
                  "a": [
                    1,
                    []
                  ],
                  "b": {},
                  "c": {
                    "d": "e"
                  }
                }
                """)
    }

    @Test func appendsWithoutATree() {
        var writer = JSONWriter()
        writer.raw("{\"n\":")
        writer.integer(-42)
        writer.raw(",\"s\":")
        writer.string("\u{1B}")
        writer.raw("}")
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"n":-42,"s":"\u001b"}"#)
    }

    private func value(_ random: inout SplitMix64, depth: Int) -> JSONValue {
        switch random.next() % (depth > 4 ? 4 : 6) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2:
            let value = Int64(bitPattern: random.next()) >> Int64(random.next() % 64)
            return .integer(max(value, -Int64.max))
        case 3: return .string(string(&random))
        case 4:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    value(&random, depth: depth + 1)
                })
        default:
            var object = JSONObject()
            for index in 0..<Int.random(in: 0...4, using: &random) {
                object.append("key \(index) 中", value(&random, depth: depth + 1))
            }
            return .object(object)
        }
    }

    private func string(_ random: inout SplitMix64) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...8, using: &random) {
            let most: UInt32 = [0x30, 0x80, 0x800, 0x11_0000].randomElement(using: &random) ?? 0x80
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<most, using: &random)) {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    @Test(arguments: seeds)
    func readsBackWhatItWrote(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2000 {
            let value = value(&random, depth: 0)
            if try readJSON(value.compactBytes) != value || readJSON(value.prettyBytes) != value {
                Issue.record("seed \(seed): \(text(value))")
            }
        }
    }
}
