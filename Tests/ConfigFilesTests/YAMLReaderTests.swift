import ConfigFiles
import Pricing
import Testing

/// The root of a text and the faults of reading it.
func readYAML(_ text: String) -> (root: ConfigNode?, faults: [Fault]) {
    let collector = FaultCollector()
    let root = YAMLReader.read(text, file: "plan.yml", collector: collector)
    return (root, collector.faults)
}

struct YAMLReaderTests {
    @Test func readsKeysListsAndText() throws {
        let (root, faults) = readYAML(
            """
            # a plan
            name: web
            rates: {output: 8.00, input: "2"}
            list:
              - one
              - 'two'
            """)
        let mapping = try #require(root?.mapping(["name", "rates", "list"]))
        #expect(mapping["name"]?.string == "web")
        #expect(mapping["name"]?.line == 2)
        #expect(mapping["rates"]?.openMapping?["output"]?.string == "8.00")
        #expect(mapping["rates"]?.openMapping?.pairs.map(\.key) == ["output", "input"])
        #expect(mapping["list"]?.items.map { $0.string ?? "" } == ["one", "two"])
        #expect(mapping["list"]?.items.last?.field == "list[1]")
        #expect(mapping["list"]?.items.last?.line == 6)
        #expect(faults == [])
    }

    /// Scalars stay the text that was written: no number, date or truth value is made of them.
    @Test(arguments: [
        "8.00", "1e3", "0x10", "0o17", "yes", "no", "~", "null", "2026-10-01", ".inf",
    ])
    func keepsScalarsAsText(text: String) {
        #expect(readYAML("a: \(text)").root?.openMapping?["a"]?.string == text)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let line: Int?
        let says: String
        var testDescription: String { text.count > 60 ? "\(text.prefix(60))…" : text }
    }

    @Test(arguments: [
        Case(text: "", line: nil, says: "empty"),
        Case(text: "# only a comment\n", line: nil, says: "empty"),
        Case(text: "a: 1\nb: 2\na: 3\n", line: nil, says: "duplicate key"),
        Case(text: "a: [1, 2\n", line: nil, says: "not YAML"),
        Case(text: "a: 'open\n", line: nil, says: "not YAML"),
        Case(text: "a: 1\n\tb: 2\n", line: 2, says: "not YAML"),
        Case(text: "a: 1\n b: 2\n", line: 2, says: "not YAML"),
        Case(text: "a: 1\n---\nb: 2\n", line: nil, says: ""),
        Case(text: "a: \u{1}\n", line: nil, says: ""),
        // Anchors and aliases, in every place where one may stand.
        Case(text: "a: &x 1\n", line: 1, says: "anchors"),
        Case(text: "a: 1\nb: *x\n", line: 2, says: "anchors"),
        Case(text: "- &x 1\n- *x\n", line: 1, says: "anchors"),
        Case(text: "&x a: 1\n", line: 1, says: "anchors"),
        Case(text: "a: [1, &x 2]\n", line: 1, says: "anchors"),
        Case(text: "a: [&x 2]\n", line: 1, says: "anchors"),
        Case(text: "a: {b: &x 2}\n", line: 1, says: "anchors"),
        Case(text: "a: {&x b: 2}\n", line: 1, says: "anchors"),
        Case(text: "? *x\n: 1\n", line: 1, says: "anchors"),
        Case(text: "# it's\na: &x 1\n", line: 2, says: "anchors"),
        Case(text: "a: 'quoted'\nb: &x 1\n", line: 2, says: "anchors"),
        Case(text: "a: \"quo\\\"ted\"\nb: &x 1\n", line: 2, says: "anchors"),
        Case(text: "a: \"back\\\\\"\nb: &x 1\n", line: 2, says: "anchors"),
        Case(text: "a:\r\n  &x b\r\n", line: 2, says: "anchors"),
        Case(text: "<<: *base\n", line: 1, says: "anchors"),
    ])
    func refuses(_ given: Case) {
        let (root, faults) = readYAML(given.text)
        #expect(root == nil)
        #expect(faults.count == 1)
        #expect(faults.first?.file == "plan.yml")
        #expect(faults.first?.problem.contains(given.says) == true, "\(faults)")
        if let line = given.line { #expect(faults.first?.line == line, "\(faults)") }
    }

    @Test func namesTheLineOfADuplicateKey() {
        let (_, faults) = readYAML("top:\n  a: 1\n  b: 2\n  a: 3\n")
        #expect(faults.first?.problem == "duplicate key \"a\"")
        #expect(faults.first?.line.map { (2...4).contains($0) } == true, "\(faults)")
    }

    /// What only looks like an anchor or alias is text.
    @Test(arguments: [
        "a: \"*-latest\"", "a: '*-latest'", "a: gemini-*", "a: 2 * 3", "a: R&D", "a: this & that",
        "a: https://example.com/?x=1&y=2", "# *x and &y\na: 1", "  # &y\na: 1",
        "a: [\"*x\", '& y']",
        "a: \"say \\\" *x\"", "a: don't", "a: b*c", "a: '*'",
    ])
    func allowsStarsAndAmpersandsInText(text: String) {
        let (root, faults) = readYAML(text)
        #expect(faults == [])
        #expect(root != nil)
    }

    /// A quote inside a word, a block of text or after '' opens nothing: the anchors behind it are
    /// still seen.
    @Test(arguments: [
        "a: rock 'n roll\nb: &x [1]\nc: *x\n",
        "a: six \"feet\nb: &x [1]\nc: *x\n",
        "a: |\n  'tis the season\nb: &x [1]\nc: *x\n",
        "a: 'it''s '\nb: &x [1]\nc: *x\n",
        "{\"a\":&x [1], \"b\":*x}",
        "\u{FEFF}&x a: 1\n",
        "# a comment\ra: &x [1]\rb: *x\r",
    ])
    func findsAnchorsBehindALooseQuote(text: String) {
        #expect(readYAML(text).root == nil)
    }

    /// The scan reads no quotes, so that no quote can fool it; the message says how to write such a
    /// text.
    @Test(arguments: ["a: 1 # &x", "a: '&y'", "a: \"see &y\""])
    func refusesWhatOnlyMightBeAnAnchor(text: String) {
        #expect(readYAML(text).faults.first?.problem.contains("a bare & as \"and\"") == true)
    }

    /// '' inside '…' is one quote, and what follows is still text.
    @Test func allowsAStarBehindADoubledQuote() {
        #expect(readYAML("a: 'it''s a *-latest name'").faults == [])
    }

    @Test(arguments: ["a: !!binary aGk=", "a: !custom x", "!!map {a: 1}", "a: !!int 1"])
    func refusesTags(text: String) {
        #expect(readYAML(text).root == nil)
    }

    /// Ten levels of ten references each are ten billion; as a key they would be hashed through.
    /// Refused unread.
    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func refusesABombAtOnce(asKey: Bool) {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let references = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n"
        }
        text += asKey ? "? *a12\n: 1\n" : "b: *a12\n"
        let (root, faults) = readYAML(text)
        #expect(root == nil)
        #expect(faults.map(\.line) == [1])
    }

    @Test func refusesWhatIsNestedTooDeep() {
        func flow(_ levels: Int) -> String {
            "a: " + String(repeating: "[", count: levels) + "1"
                + String(repeating: "]", count: levels)
        }
        // The file is the first level, and each list one more.
        #expect(readYAML(flow(14)).faults == [])
        let (_, faults) = readYAML(flow(15))
        #expect(faults.count == 1)
        #expect(faults.first?.problem == "nested more than 16 levels deep")
        #expect(readYAML(flow(300)).faults.count == 1)
    }

    /// A bomb of brackets ends in a fault, not in a stack that overflows.
    @Test(.timeLimit(.minutes(5)))
    func refusesADepthBomb() async {
        await #expect(processExitsWith: .success) {
            for text in [
                String(repeating: "[", count: 100_000),
                String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000),
                String(repeating: "- ", count: 20_000) + "x",
            ] {
                let collector = FaultCollector()
                _ = YAMLReader.read(text, file: "bomb.yml", collector: collector)
                #expect(!collector.faults.isEmpty)
            }
        }
    }

    @Test func refusesFilesThatAreTooLarge() {
        let text = "a: " + String(repeating: "x", count: YAMLReader.maximumBytes)
        let (root, faults) = readYAML(text)
        #expect(root == nil)
        #expect(faults.first?.problem.contains("more than 4 MiB") == true)
        #expect(faults.first?.line == nil)
    }
}
