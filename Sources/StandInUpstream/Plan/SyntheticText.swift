import JSONBytes

/// Text without end that a seed repeats, a token at a time: sentences of our own in an order that
/// the seed decides. A token is a word with the space before it, or one or two Chinese characters.
package struct SyntheticText: Sendable {
    package enum Script: String, CaseIterable, Sendable {
        case latin
        case cjk
        /// Both, and characters of four bytes.
        case mixed
    }

    package struct Token: Hashable, Sendable {
        package let text: String
        /// As it stands between the quotes of a JSON string.
        package let escaped: [UInt8]

        init(_ text: some StringProtocol) {
            self.text = String(text)
            var writer = JSONWriter()
            writer.string(self.text)
            escaped = Array(writer.bytes.dropFirst().dropLast())
        }
    }

    private let sentences: [[Token]]
    private var state: UInt64
    private var sentence: [Token]
    private var place = 0

    package init(_ script: Script, seed: UInt64) {
        sentences = Self.sentences(of: script)
        state = seed
        sentence = []
        sentence = pick()
    }

    package mutating func next() -> Token {
        if place == sentence.count {
            sentence = pick()
            place = 0
        }
        defer { place += 1 }
        return sentence[place]
    }

    /// The first `count` tokens, joined.
    package static func text(_ script: Script, seed: UInt64, count: Int) -> String {
        var source = SyntheticText(script, seed: seed)
        return (0..<count).reduce(into: "") { text, _ in text += source.next().text }
    }

    private mutating func pick() -> [Token] {
        sentences[Int(random() % UInt64(sentences.count))]
    }

    /// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>, checked 2026-11-23).
    private mutating func random() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private static func sentences(of script: Script) -> [[Token]] {
        switch script {
        case .latin: latin
        case .cjk: cjk
        case .mixed: latin + cjk + fourBytes
        }
    }

    private static let latin = [
        "A stream is a promise that is kept one small piece at a time. ",
        "Whoever counts the pieces must not mistake them for the words inside. ",
        "The river does not ask how wide the valley is before it sets out. ",
        "Every answer has a first token, and somebody who waits for it. ",
        "In the café on the corner, Zoë drew a naïve map of the façade.\n\n",
        "She wrote \"keep the change\" on the back of a receipt. ",
        "A path such as C:\\logs\\today needs care in any text that is quoted. ",
        "What was measured twice is believed once, and what was guessed is not. ",
        "The clock in the hall runs fast, so the trains always seem to be late. ",
        "Größe, façon and señal are short words with long histories.\n",
        "Nothing is lost when a line breaks in the middle of a sentence. ",
        "The last word of a story is seldom the one that matters most.\n\n",
    ].map(words)

    private static let cjk = [
        "水从山上流下来，一点一点地汇成河。", "先来的字不一定是最重要的字。", "他把账本合上，望着窗外的雨。",
        "每一个问题都在等一个答案。", "今日の空は高く、風はとても静かだった。", "数える前に、まず何を数えるかを決める。",
        "작은 조각이 모여 하나의 이야기가 된다. ", "夜深了，灯还亮着，信还没有写完。\n",
    ].map(pairs)

    private static let fourBytes = [
        "Ship it 🚢, then measure 📏 it, then sleep 😴. ", "Her sign was 𝄞, his was 𠮷. ",
        "The flag 🏳️‍🌈 is one character to a reader and many to a machine. ",
    ].map(words)

    /// Cut in front of each space, but for one at the end.
    private static func words(_ sentence: String) -> [Token] {
        var tokens: [Token] = []
        var start = sentence.startIndex
        for index in sentence.indices.dropFirst() where sentence[index] == " " {
            guard sentence.index(after: index) < sentence.endIndex else { break }
            tokens.append(Token(sentence[start..<index]))
            start = index
        }
        return tokens + [Token(sentence[start...])]
    }

    /// One character and two characters in turn.
    private static func pairs(_ sentence: String) -> [Token] {
        var rest = Substring(sentence)
        var tokens: [Token] = []
        while !rest.isEmpty {
            let length = 1 + tokens.count % 2
            tokens.append(Token(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return tokens
    }
}
