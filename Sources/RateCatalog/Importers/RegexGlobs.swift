/// The regular expressions that catalogs use for names, as globs: literals, `\d{8}`, `[-@]`,
/// `(…)?`, `(?:a|b)`, `.*` and the anchors. Anything else is not converted.
enum RegexGlobs {
    /// The globs that together match what a search for `regex` finds, or `nil`.
    static func globs(of regex: String) -> [String]? {
        guard regex.utf8.count <= 1_000 else { return nil }
        var parser = Parser(regex)
        var globs: [String] = []
        repeat {
            let start = parser.takeIf("^") ? "" : "*"
            guard let texts = parser.sequence() else { return nil }
            globs += texts.map { start + $0.glob + ($0.isEnded ? "" : "*") }
        } while parser.takeIf("|")
        return parser.isAtEnd ? globs : nil
    }

    /// The globs that `^(?!.*x)` keeps out, or `nil` for any other expression.
    static func excluded(by regex: String) -> [String]? {
        let (head, tail) = ("^(?!", ")")
        guard regex.hasPrefix(head), regex.hasSuffix(tail), regex.utf8.count <= 1_000 else {
            return nil
        }
        var parser = Parser(String(regex.dropFirst(head.count).dropLast(tail.count)))
        guard let texts = parser.alternatives(), parser.isAtEnd else { return nil }
        return texts.map { $0.glob + ($0.isEnded ? "" : "*") }
    }

    private struct Text: Hashable {
        var glob = ""
        /// Whether `$` stood behind it.
        var isEnded = false
    }

    private struct Parser {
        private let characters: [Character]
        private var index = 0
        /// Parentheses that are open.
        private var depth = 0

        init(_ text: String) { characters = Array(text) }

        var isAtEnd: Bool { index == characters.count }

        mutating func takeIf(_ character: Character) -> Bool {
            guard index < characters.count, characters[index] == character else { return false }
            index += 1
            return true
        }

        /// `a|b|c`, until the end or a closing parenthesis.
        mutating func alternatives() -> [Text]? {
            guard var all = sequence() else { return nil }
            while takeIf("|") {
                guard let more = sequence() else { return nil }
                all += more
            }
            return all
        }

        mutating func sequence() -> [Text]? {
            var texts = [Text()]
            while index < characters.count, !"|)".contains(characters[index]) {
                if takeIf("$") {
                    for place in texts.indices { texts[place].isEnded = true }
                    continue
                }
                guard let atom = atom(), let repeated = quantified(atom),
                    !texts.contains(where: \.isEnded)
                else { return nil }
                texts = texts.flatMap { text in
                    repeated.map { Text(glob: text.glob + $0.glob, isEnded: $0.isEnded) }
                }
                guard texts.count <= 16 else { return nil }
            }
            return texts
        }

        private mutating func atom() -> [Text]? {
            let character = characters[index]
            index += 1
            switch character {
            case "\\": return escape()
            case "[": return set()
            case "(":
                if takeIf("?") { guard takeIf(":") else { return nil } }
                depth += 1
                defer { depth -= 1 }
                guard depth <= 8, let inner = alternatives(), takeIf(")") else { return nil }
                return inner
            case ".":
                return takeIf("*") ? [Text(glob: "*")] : [Text(glob: "?")]
            case "*", "+", "?", "{", "}", "^": return nil
            default: return literal(character).map { [$0] }
            }
        }

        /// Globs are of small letters, and have no way to write their own signs.
        private func literal(_ character: Character) -> Text? {
            "*?#".contains(character) ? nil : Text(glob: character.lowercased())
        }

        private mutating func escape() -> [Text]? {
            guard index < characters.count else { return nil }
            let character = characters[index]
            index += 1
            if character == "d" { return [Text(glob: "#")] }
            guard !character.isLetter, !character.isNumber else { return nil }
            return literal(character).map { [$0] }
        }

        /// `[-@]`, `[tt]`: single characters, not ranges.
        private mutating func set() -> [Text]? {
            var members: [Text] = []
            while index < characters.count, !takeIf("]") {
                let character = characters[index]
                let isRange =
                    character == "-" && !members.isEmpty && index + 1 < characters.count
                    && characters[index + 1] != "]"
                guard character != "^", character != "\\", !isRange, let text = literal(character)
                else { return nil }
                if !members.contains(text) { members.append(text) }
                index += 1
            }
            return members.isEmpty || characters[index - 1] != "]" ? nil : members
        }

        /// `x?`, `x{4}`; `x*` and `x+` of one character cannot be said.
        private mutating func quantified(_ atom: [Text]) -> [Text]? {
            if takeIf("?") { return [Text()] + atom }
            guard takeIf("{") else {
                return index < characters.count && "*+".contains(characters[index]) ? nil : atom
            }
            var count = 0
            while index < characters.count, let digit = characters[index].wholeNumberValue {
                count = min(count * 10 + digit, 100)
                index += 1
            }
            guard takeIf("}"), (1...40).contains(count), atom.count == 1, !atom[0].isEnded else {
                return nil
            }
            return [Text(glob: String(repeating: atom[0].glob, count: count))]
        }
    }
}
