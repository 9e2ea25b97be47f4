import Pricing
import Testing

struct DecimalTextTests {
    @Test(arguments: [
        "", " ", "-", ".", "-.", "1e9", "1E9", "NaN", "nan", "inf", "1,5", "1 000", "1_000", "１",
        "٣", ".5", "-.5", "5.", "-5.", "+1", "--1", "-+1", "1-", "0x1", "00", "01", "-01", "00.5",
        "1.2.3", "1..2", "1.-2", " 1", "1 ", "1\n", "1\u{0}", "½", "1.0000000000000000000",
        "0.1234567890123456789",
    ])
    func refusesWhatIsNotPlainDecimal(text: String) {
        #expect(DecimalText.parse(text) == nil)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let attos: Int128
        var testDescription: String { text }
    }

    @Test(arguments: [
        Case(text: "0", attos: 0), Case(text: "-0", attos: 0), Case(text: "0.0", attos: 0),
        Case(text: "1", attos: 1_000_000_000_000_000_000),
        Case(text: "8.00", attos: 8_000_000_000_000_000_000),
        Case(text: "0.14", attos: 140_000_000_000_000_000),
        Case(text: "-2.50", attos: -2_500_000_000_000_000_000),
        Case(text: "0.000000000000000001", attos: 1),
        Case(text: "-0.000000000000000001", attos: -1),
        Case(text: "1.234567890123456789", attos: 1_234_567_890_123_456_789),
    ])
    func countsParts(_ given: Case) {
        #expect(DecimalText.parse(given.text) == given.attos)
    }

    /// The largest count of 10⁻¹⁸ is 2¹²⁷ − 1 = 170141183460469231731687303715884105727.
    @Test func endsWhereInt128Ends() {
        let largest = "170141183460469231731.687303715884105727"
        #expect(DecimalText.parse(largest) == Int128.max)
        #expect(DecimalText.parse("-" + largest) == -Int128.max)
        #expect(DecimalText.parse("170141183460469231731.687303715884105728") == nil)
        #expect(DecimalText.parse("170141183460469231732") == nil)
        #expect(DecimalText.parse("170141183460469231731") == Int128.max - 687_303_715_884_105_727)
        #expect(DecimalText.parse("1000000000000000000000") == nil)
        #expect(DecimalText.parse(String(repeating: "9", count: 39)) == nil)
        #expect(DecimalText.parse(String(repeating: "9", count: 10_000)) == nil)
        #expect(DecimalText.parse("0." + String(repeating: "0", count: 10_000)) == nil)
    }

    @Test func writesTheLowestCount() {
        #expect(DecimalText.text(Int128.min) == "-170141183460469231731.687303715884105728")
        #expect(DecimalText.text(Int128.max) == "170141183460469231731.687303715884105727")
    }

    struct Shown: Sendable, CustomTestStringConvertible {
        let attos: Int128
        let minorDigits: Int
        let text: String
        var testDescription: String { text }
    }

    @Test(arguments: [
        Shown(attos: 0, minorDigits: 0, text: "0"), Shown(attos: 0, minorDigits: 2, text: "0.00"),
        Shown(attos: 1, minorDigits: 2, text: "0.000000000000000001"),
        Shown(attos: -1, minorDigits: 0, text: "-0.000000000000000001"),
        Shown(attos: 80_000_000_000_000_000_000, minorDigits: 2, text: "80.00"),
        Shown(attos: 80_000_000_000_000_000_000, minorDigits: 0, text: "80"),
        Shown(attos: 80_500_000_000_000_000_000, minorDigits: 2, text: "80.50"),
        Shown(attos: 80_500_000_000_000_000_000, minorDigits: 0, text: "80.5"),
        Shown(attos: 140_000_000_000_000, minorDigits: 2, text: "0.00014"),
        Shown(attos: -29_400_000_000_000_000_000, minorDigits: 2, text: "-29.40"),
        Shown(attos: 1_000_000_000_000_000_000, minorDigits: 18, text: "1.000000000000000000"),
    ])
    func writesNoTrailingZerosPastTheMinorDigits(_ given: Shown) {
        #expect(DecimalText.text(given.attos, minorDigits: given.minorDigits) == given.text)
    }

    @Test(arguments: seeds)
    func readsBackWhatItWrote(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5000 {
            let attos = random.int128()
            let minorDigits = Int.random(in: 0...18, using: &random)
            let text = DecimalText.text(attos, minorDigits: minorDigits)
            if DecimalText.parse(text) != attos { Issue.record("seed \(seed): \(text)") }
        }
    }

    /// Any text that is read at all is a number whose canonical text reads as the same number.
    @Test(arguments: seeds)
    func readsOnlyDecimals(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let letters = Array("0123456789.-+eE,_ x".utf8)
        var read = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...6, using: &random)
            let bytes = (0..<count).map { _ in letters.randomElement(using: &random) ?? 0x30 }
            guard let attos = DecimalText.parse(bytes) else { continue }
            read += 1
            let text = String(decoding: bytes, as: UTF8.self)
            let plain = text.allSatisfy { $0.isNumber || $0 == "." || $0 == "-" }
            if !plain || DecimalText.parse(DecimalText.text(attos)) != attos {
                Issue.record("seed \(seed): \(text)")
            }
        }
        #expect(read > 0)
    }
}
