import Testing
import WebSocketMessages

@Suite struct UTF8CheckerTests {
    private func accepts(_ pieces: [[UInt8]]) -> Bool {
        var checker = UTF8Checker()
        for piece in pieces {
            guard piece.withUnsafeBytes({ checker.accepts($0) }) else { return false }
        }
        return checker.isBetweenCharacters
    }

    /// The standard library is the yardstick.
    @Test func agreesWithTheStandardLibraryOnEveryPairAndOnTheEdgesOfLongerOnes() {
        let edges: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        var cases: [[UInt8]] = []
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max { cases.append([first, second]) }
        }
        for a in edges {
            for b in edges {
                for c in edges {
                    cases.append([a, b, c])
                    for d in edges { cases.append([a, b, c, d]) }
                }
            }
        }
        let wrong = cases.filter { accepts([$0]) != (String(validating: $0, as: UTF8.self) != nil) }
        #expect(wrong.isEmpty)
    }

    @Test func everySplitOfATextIsTheSame() {
        let text = Array("tokens: señal, 价格, 🙂, and more than eight letters".utf8)
        for place in 0...text.count {
            #expect(accepts([Array(text[..<place]), Array(text[place...])]), "split at \(place)")
        }
        #expect(accepts(text.map { [$0] }))
    }

    @Test func aCharacterThatEndsEarlyIsNotBetweenCharacters() {
        #expect(!accepts([Array("价".utf8.dropLast())]))
        #expect(!accepts([[0xF0, 0x9F, 0x99]]))
    }

    @Test func refusesAtTheFirstByteThatCannotFollow() {
        var checker = UTF8Checker()
        let isBegun = [UInt8(0xED)].withUnsafeBytes { checker.accepts($0) }
        let isSurrogate = [UInt8(0xA0)].withUnsafeBytes { checker.accepts($0) }
        #expect(isBegun)
        #expect(!isSurrogate, "a half of a pair of UTF-16 is no character")
    }
}
