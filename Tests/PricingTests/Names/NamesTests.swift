import Pricing
import Testing

struct GlobTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let text: String
        let matches: Bool
        var testDescription: String { "\(pattern) on \(text)" }
    }

    @Test(arguments: [
        Case(pattern: "gpt-4.1", text: "gpt-4.1", matches: true),
        Case(pattern: "gpt-4.1", text: "gpt-4x1", matches: false),
        Case(pattern: "gpt-4.1", text: "gpt-4.1-mini", matches: false),
        Case(pattern: "gpt-4.1-20??-??-??", text: "gpt-4.1-2025-04-14", matches: true),
        Case(pattern: "gpt-4.1-20??-??-??", text: "gpt-4.1-2025-04-1", matches: false),
        Case(pattern: "gpt-4.1-20??-??-??", text: "gpt-4.1-mini-2025-04-14", matches: false),
        Case(pattern: "*", text: "", matches: true), Case(pattern: "", text: "", matches: true),
        Case(pattern: "", text: "a", matches: false), Case(pattern: "?", text: "", matches: false),
        Case(pattern: "*-latest", text: "gemini-latest", matches: true),
        Case(pattern: "*-latest", text: "-latest", matches: true),
        Case(pattern: "*-latest", text: "gemini-latest-2", matches: false),
        Case(pattern: "a*b*c", text: "aXXbYYc", matches: true),
        Case(pattern: "a*b*c", text: "abcbc", matches: true),
        Case(pattern: "a*b*c", text: "acb", matches: false),
        Case(pattern: "**a**", text: "bab", matches: true),
        Case(pattern: "*?", text: "", matches: false),
        Case(pattern: "*?", text: "x", matches: true),
        Case(pattern: "?*?", text: "x", matches: false),
        Case(pattern: "a*", text: "ba", matches: false),
        Case(pattern: "gpt-5-####-##-##", text: "gpt-5-2026-01-31", matches: true),
        Case(pattern: "gpt-5-####-##-##", text: "gpt-5-2026-01-3x", matches: false),
        Case(pattern: "claude-5-########", text: "claude-5-20260131", matches: true),
        Case(pattern: "#", text: "٣", matches: false),
        // No other character is special.
        Case(pattern: "[ab]", text: "a", matches: false),
        Case(pattern: "a.c", text: "abc", matches: false),
    ])
    func matchesRunsAndSingleCharacters(_ given: Case) {
        #expect(Glob.matches(given.pattern.utf8, given.text.utf8) == given.matches)
    }

    /// A pattern of many stars backtracks over its last one only: this ends at once.
    @Test func doesNotExplode() {
        let pattern = String(repeating: "a*", count: 50) + "b"
        #expect(!Glob.matches(pattern.utf8, String(repeating: "a", count: 512).utf8))
    }

    /// Held against the definition, on short patterns over a small alphabet.
    @Test(arguments: seeds)
    func agreesWithItsDefinition(seed: UInt64) {
        func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            let rest = pattern.dropFirst()
            if first == UInt8(ascii: "*") {
                return matches(rest, text) || (!text.isEmpty && matches(pattern, text.dropFirst()))
            }
            guard let head = text.first, first == head || first == UInt8(ascii: "?") else {
                return false
            }
            return matches(rest, text.dropFirst())
        }
        var random = SplitMix64(seed: seed)
        for _ in 0..<5000 {
            let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                Array("ab*?".utf8).randomElement(using: &random) ?? 0
            }
            let text = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                Array("ab".utf8).randomElement(using: &random) ?? 0
            }
            if Glob.matches(pattern, text) != matches(pattern[...], text[...]) {
                Issue.record("seed \(seed): \(pattern) on \(text)")
            }
        }
    }
}

struct NearestNamesTests {
    private static let models = ["gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "claude-sonnet-4.5"]

    @Test func ranksByEditDistanceAndThenByName() {
        #expect(
            NearestNames.find("gpt-41", among: Self.models) == [
                "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano",
            ])
        #expect(
            NearestNames.find("claude-sonet", among: Self.models, limit: 1) == ["claude-sonnet-4.5"]
        )
        #expect(NearestNames.find("GPT-4.1", among: Self.models, limit: 1) == ["gpt-4.1"])
        #expect(NearestNames.find("aa", among: ["ac", "ab"]) == ["ab", "ac"])
        #expect(NearestNames.find("", among: ["b", "aa"]) == ["b", "aa"])
        #expect(NearestNames.find("x", among: []) == [])
        #expect(NearestNames.find("x", among: ["a"], limit: 0) == [])
    }

    @Test func staysQuickForLongNames() {
        let name = String(repeating: "x", count: 1_000_000)
        #expect(NearestNames.find(name, among: Self.models, limit: 1).count == 1)
    }
}

struct QuotedTests {
    @Test func cutsLongTextAndHidesControlCharacters() {
        #expect(quoted("gpt") == "\"gpt\"")
        #expect(quoted("a\u{1B}[31m\n") == "\"a\u{FFFD}[31m\u{FFFD}\"")
        // What turns the writing round, or takes no room; the joiner within an emoji stays.
        #expect(quoted("a\u{202E}b\u{200B}") == "\"a\u{FFFD}b\u{FFFD}\"")
        #expect(quoted("👩\u{200D}💻") == "\"👩\u{200D}💻\"")
        #expect(
            quoted(String(repeating: "x", count: 80)) == "\"\(String(repeating: "x", count: 80))\"")
        #expect(
            quoted(String(repeating: "x", count: 81)) == "\"\(String(repeating: "x", count: 80))…\""
        )
    }
}
