import RateCatalog
import Testing

/// How sellers spell one model, brought to one spelling.
struct CanonicalNameTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let result: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "claude-3-5-sonnet", result: "claude-3.5-sonnet"),
        Case(name: "claude-sonnet-4-5", result: "claude-sonnet-4.5"),
        Case(name: "claude-3-haiku", result: "claude-3-haiku"),
        Case(name: "claude-3.5-sonnet", result: "claude-3.5-sonnet"),
        // Dates stay whole, whichever side they are on.
        Case(name: "claude-opus-4-20250514", result: "claude-opus-4-20250514"),
        Case(name: "claude-3-5-sonnet-2024-10-22", result: "claude-3.5-sonnet-2024-10-22"),
        // A hyphen is a dot in names of Claude alone.
        Case(name: "gpt-4-1", result: "gpt-4-1"),
        Case(name: "my-claude-3-5", result: "my-claude-3-5"),
        Case(name: "llama3-3-70b", result: "llama3-3-70b"),
        Case(name: "claude-", result: "claude-"), Case(name: "", result: ""),
        Case(name: "5", result: "5"),
    ])
    func readsHyphensOfClaudesVersionsAsDots(given: Case) {
        #expect(CanonicalName.dotted(given.name) == given.result)
    }

    @Test(arguments: [
        Case(name: "deepseek-v3p2", result: "deepseek-v3.2"),
        Case(name: "kimi-k2p5", result: "kimi-k2.5"),
        Case(name: "llama-v3p1-8b", result: "llama-v3.1-8b"),
        // No digit on one side, or more than one.
        Case(name: "mixtral-8x22b", result: "mixtral-8x22b"),
        Case(name: "step3p", result: "step3p"), Case(name: "gp4", result: "gp4"),
        Case(name: "v10p2", result: "v10p2"), Case(name: "v3p25", result: "v3p25"),
        Case(name: "p1", result: "p1"),
    ])
    func readsTheLetterPAsADotWhereASellerWritesIt(given: Case) {
        #expect(CanonicalName.dotted(given.name, letterP: true) == given.result)
        #expect(CanonicalName.dotted(given.name) == given.name)
    }

    @Test(arguments: [
        Case(name: "claude-sonnet-4-5-20250929-v1:0", result: "claude-sonnet-4-5"),
        Case(name: "claude-3-haiku-20240307", result: "claude-3-haiku"),
        Case(name: "nova-pro-v1:0", result: "nova-pro"),
        Case(name: "claude-opus-4-6-v1", result: "claude-opus-4-6"),
        Case(name: "gpt-oss-120b-1:0", result: "gpt-oss-120b"),
        Case(name: "llama3-70b-instruct-v1:0:8k", result: "llama3-70b-instruct-v1:0:8k"),
        // These are parts of the name.
        Case(name: "llama-3.3-70b:free", result: "llama-3.3-70b:free"),
        Case(name: "gpt-4-0613", result: "gpt-4-0613"),
        Case(name: "model-19991231", result: "model-19991231"),
        Case(name: "model-2025092", result: "model-2025092"),
        Case(name: "model-v12", result: "model-v12"), Case(name: "v1:0", result: "v1"),
        Case(name: "", result: ""),
    ])
    func takesTheVersionOfACloudOff(given: Case) {
        #expect(CanonicalName.withoutVersion(given.name) == given.result)
    }

    @Test(arguments: [
        Case(name: "GPT-4.1", result: "gpt-4-1"), Case(name: "gpt_4_1", result: "gpt-4-1"),
        Case(name: "Qwen/Qwen3", result: "qwen/qwen3"), Case(name: "", result: ""),
    ])
    func comparesWithoutRegardToDotsAndCapitals(given: Case) {
        #expect(CanonicalName.key(given.name) == given.result)
    }
}
