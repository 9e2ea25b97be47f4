import Accounting
import Testing

@Suite struct BlockGlyphsTests {
    struct Bar: Sendable {
        let value: Int128
        let largest: Int128
        let width: Int
        let text: String
    }

    @Test(arguments: [
        Bar(value: 100, largest: 100, width: 5, text: "█████"),
        Bar(value: 50, largest: 100, width: 5, text: "██▌"),
        // 27 of 100 of 40 eighths are 10.8: 11.
        Bar(value: 27, largest: 100, width: 5, text: "█▍"),
        // 0.4 eighths, and yet something.
        Bar(value: 1, largest: 100, width: 5, text: "▏"),
        Bar(value: 0, largest: 100, width: 5, text: ""),
        Bar(value: -5, largest: 100, width: 5, text: ""),
        Bar(value: 5, largest: 0, width: 5, text: ""),
        Bar(value: .max, largest: .max, width: 2, text: "██"),
        Bar(value: 3, largest: 2, width: 2, text: "██"),
    ]) func drawsItsShareInEighths(_ bar: Bar) {
        #expect(BlockGlyphs.bar(bar.value, of: bar.largest, width: bar.width) == bar.text)
    }

    @Test func drawsTheCourse() {
        // Of 8 the shares are the eighths themselves.
        #expect(BlockGlyphs.sparkline([1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇█")
        #expect(BlockGlyphs.sparkline([nil, 0, 1, 800]) == "·▁▁█")
        #expect(BlockGlyphs.sparkline([0, 0]) == "▁▁")
        #expect(BlockGlyphs.sparkline([nil, nil]) == "··")
        #expect(BlockGlyphs.sparkline([]) == "")
    }
}
