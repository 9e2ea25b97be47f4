import Foundation
import Testing

/// `chat` against the stand-in for a vendor: what is shown, what is kept, and how each fault ends.
@Suite(.needsBinary, .serialized) struct ChatTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// Runs `body` with the address of a stand-in.
    private func withStandIn(
        _ flags: [String] = [], _ body: (String) async throws -> Void
    ) async throws {
        let standIn = try Service(
            sandbox, command: "simulate",
            flags: ["--tokens", "12", "--ttft", "0ms", "--rate", "max", "--for", "60m"] + flags)
        let address = try await standIn.address()
        do {
            try await body(address)
        } catch {
            _ = await standIn.stop()
            throw error
        }
        _ = await standIn.stop()
    }

    private func chat(
        _ url: String, _ flags: [String] = [], model: String = "gpt-4.1", stdin: String = "",
        prompt: String? = "hello", environment: [String: String] = [:]
    ) async throws -> Output {
        try await sandbox.run(
            ["chat", "--model", model, "--url", url] + flags + (prompt.map { [$0] } ?? []),
            stdin: Data(stdin.utf8), environment: environment)
    }

    /// The events of the ledger, the oldest first.
    private func events() async throws -> [[String: any Sendable]] {
        let output = try await sandbox.run(["ledger", "export", "--format", "ndjson"])
        #expect(output.exit == 0, "\(output.errors)")
        return try output.lines.map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: any Sendable])
        }
    }

    @Test(arguments: [
        "openai-chat /v1 gpt-4.1 openai", "openai-responses /v1 gpt-4.1 openai",
        "anthropic-messages /v1 claude-sonnet-4-5 anthropic",
        "gemini /v1beta gemini-2.5-flash google",
    ]) func showsAnAnswerAndKeepsItsEvent(_ dialect: String) async throws {
        let words = dialect.split(separator: " ").map(String.init)
        try await withStandIn { address in
            let output = try await chat(
                address + words[1],
                [
                    "--api", words[0], "--project", "web", "--user", "ann", "--tag", "team=core",
                ], model: words[2])
            #expect(output.exit == 0, "\(output.errors)")
            #expect(output.text.hasPrefix("She wrote \"keep the change\""))
            #expect(output.text.hasSuffix("\n"))
            let event = try #require(try await events().first)
            let id = try #require(event["id"] as? String)
            let line = try #require(output.errors.split(separator: "\n").last)
            #expect(line.hasPrefix("\(words[3]) "))
            #expect(line.contains(" in, 12 out, reported · $0.0"))
            #expect(line.hasSuffix(" · event \(id)"))
            #expect(event["channel"] as? String == words[3])
            #expect(event["known"] as? String == "reported")
            #expect(event["source"] as? String == "chat")
            #expect(event["project"] as? String == "web")
            #expect(event["user"] as? String == "ann")
            #expect((event["tags"] as? [String: String])?["team"] == "core")
            #expect((event["usage"] as? [String: Any])?["output"] as? Int == 12)
            #expect(event["first_token_ms"] is Int)
            #expect(event["duration_ms"] is Int)
        }
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let exit: Int32
        /// `nil` where nothing is kept.
        let known: String?
        let says: String
        /// Short where the end is a timeout, and nowhere else: a busy machine may be slow.
        var limits: [String] = []
        var testDescription: String { name }
    }

    @Test(arguments: [
        Fault(
            name: "stall:5", exit: 1, known: "estimated",
            says: "began to answer and then sent nothing for 0.5 s",
            limits: ["--idle-timeout", "0.5"]),
        Fault(
            name: "cut:1500", exit: 1, known: "estimated", says: "ended before the answer did"),
        Fault(name: "garbage:400", exit: 0, known: "reported", says: "12 out, reported"),
        Fault(name: "error:3", exit: 1, known: "estimated", says: "the vendor ended the answer: "),
        Fault(name: "429:0s", exit: 1, known: nil, says: "is asked too often (status 429)"),
        Fault(
            name: "500", exit: 1, known: "unknown",
            says: "may have been charged, so it is not sent again"),
        Fault(
            name: "refuse-usage", exit: 0, known: "estimated",
            says: "the vendor refuses stream_options; asking once without"),
        Fault(name: "missing-done", exit: 0, known: "reported", says: "odd: missing_done"),
        Fault(name: "no-usage", exit: 0, known: "estimated", says: "input unknown"),
        Fault(
            name: "slow-headers:30s", exit: 1, known: "unknown",
            says: "took the request and answered nothing for 1 s",
            limits: ["--first-byte-timeout", "1"]),
    ]) func eachFaultEndsInASentenceAndATruthfulEvent(_ fault: Fault) async throws {
        try await withStandIn { address in
            let output = try await chat(
                "\(address)/v1?stand_in=fault=\(fault.name)", fault.limits)
            #expect(output.exit == fault.exit)
            #expect(output.errors.contains(fault.says), "\(output.errors)")
            try await expectEvent(of: fault, output)
            if fault.known == "estimated" {
                // What went in was counted by nobody: what is known is the least, and says so.
                let words = ["usage", "--last", "2d", "--format", "json"]
                let usage = try await sandbox.run(words, in: sandbox.folder).json()
                #expect(usage["is_complete"] as? Bool == false)
                #expect(try usage.object("unpriced").integer("unreported_input") == 1)
                let row = try usage.objects("rows")[0]
                #expect(row["cost"] is NSNull)
                #expect(row["cost_at_least"] != nil)
            }
            if fault.known == "unknown" {
                #expect(output.errors.contains("tokens unknown · cost unknown"))
            }
        }
    }

    /// The same over a WebSocket, where a refusal comes at the upgrade and costs nothing.
    @Test(arguments: [
        Fault(
            name: "stall:5", exit: 1, known: "estimated",
            says: "began to answer and then sent nothing for 0.5 s",
            limits: ["--idle-timeout", "0.5"]),
        Fault(name: "cut:400", exit: 1, known: "estimated", says: "ended before the answer did"),
        Fault(name: "garbage:3", exit: 0, known: "reported", says: "odd: malformed_payload"),
        Fault(name: "error:3", exit: 1, known: "estimated", says: "the vendor ended the answer: "),
        Fault(name: "429:0s", exit: 1, known: nil, says: "is asked too often (status 429)"),
        Fault(name: "500", exit: 1, known: nil, says: "failed (status 500)"),
        Fault(name: "refuse-usage", exit: 0, known: "reported", says: "12 out, reported"),
        // The connection stays open: what ends the wait is its limit.
        Fault(
            name: "missing-done", exit: 1, known: "reported", says: "12 out, reported",
            limits: ["--idle-timeout", "2"]),
        Fault(name: "no-usage", exit: 0, known: "estimated", says: "input unknown"),
        Fault(
            name: "slow-headers:30s", exit: 1, known: nil,
            says: "did not answer the upgrade to a WebSocket for 1 s",
            limits: ["--first-byte-timeout", "1"]),
    ]) func eachFaultOfAWebSocketEndsInASentenceAndATruthfulEvent(_ fault: Fault) async throws {
        try await withStandIn { address in
            let output = try await chat(
                address.replacing("http://", with: "ws://")
                    + "/v1/ws/chat?stand_in=fault=\(fault.name)",
                ["--protocol", "ws"] + fault.limits)
            #expect(output.exit == fault.exit, "\(output.errors)")
            #expect(output.errors.contains(fault.says), "\(output.errors)")
            try await expectEvent(of: fault, output)
        }
    }

    /// How its usage is known, and that an estimate of a cut answer says so.
    private func expectEvent(of fault: Fault, _ output: Output) async throws {
        let kept = try await events()
        #expect(kept.map { $0["known"] as? String } == [fault.known].filter { $0 != nil })
        guard fault.known == "estimated" else { return }
        let method = try #require(kept.first?["method"] as? String)
        #expect(method.hasSuffix(", partial") == (fault.exit != 0), "\(method)")
        #expect(output.errors.contains("estimated of a partial answer") == (fault.exit != 0))
    }

    @Test func aSignalEndsTheAnswerAndKeepsItsEvent() async throws {
        try await withStandIn(["--tokens", "1000000", "--rate", "200"]) { address in
            // Twice: a shell passes Ctrl-C on that the terminal has sent already.
            for (signal, exit) in [("INT", 130), ("TERM", 143)] {
                let output = try await sandbox.shell(
                    """
                    rm -f out
                    (while ! test -s out; do sleep 0.02; done; kill -\(signal) $(cat pid); kill -\(signal) $(cat pid)) &
                    sh -c 'echo $$ >pid; exec tokenmeter chat --model gpt-4.1 --url \(address)/v1 hi' </dev/null >out 2>err
                    echo $?
                    """)
                #expect(output.text == "\(exit)\n")
            }
            let known = try await events().map { $0["known"] as? String }
            #expect(known == ["estimated", "estimated"])
        }
    }

    @Test func aReaderThatHasEnoughEndsTheAnswerQuietly() async throws {
        try await withStandIn(["--tokens", "1000000", "--rate", "200"]) { address in
            let output = try await sandbox.shell(
                "tokenmeter chat --model gpt-4.1 --url \(address)/v1 hi </dev/null 2>err | head -c 10"
            )
            #expect(output.text == "She wrote ")
            // The pipe's reader is gone before the writer notices; its event is there once it ended.
            var known: [String?] = []
            while known.isEmpty { known = try await events().map { $0["known"] as? String } }
            #expect(known == ["estimated"])
        }
    }

    @Test func aModelWithoutARateIsAnsweredAtAnUnknownCost() async throws {
        try await withStandIn { address in
            let output = try await chat("\(address)/v1", ["--channel", "openai"], model: "newest")
            #expect(output.exit == 0)
            #expect(output.errors.contains("cost unknown: no rate of openai for newest"))
            let event = try #require(try await events().first)
            #expect(event["known"] as? String == "reported")
            #expect(event["rate_line"] == nil)
        }
    }

    @Test func stdinIsThePromptWhereThereIsNoOther() async throws {
        try await withStandIn(["--usage", "always"]) { address in
            let piped = try await chat("\(address)/v1", stdin: "only this\n", prompt: nil)
            #expect(piped.exit == 0, "\(piped.errors)")
            // Input tokens are a quarter of the request's bytes.
            let other = try await chat(
                "\(address)/v1", stdin: String(repeating: "long ", count: 1_000), prompt: "Review")
            #expect(other.exit == 0, "\(other.errors)")
            let inputs = try await events().compactMap {
                ($0["usage"] as? [String: Any])?["input"] as? Int
            }
            #expect(inputs.count == 2 && inputs.allSatisfy { $0 < 100 }, "\(inputs)")
            let none = try await chat("\(address)/v1", stdin: " \n", prompt: nil)
            #expect(none.exit == 64)
            #expect(none.errors == "error: missing a prompt: it is empty\n")
        }
    }

    @Test func keepsRawBytesOnlyWhereItIsToldTo() async throws {
        try await withStandIn { address in
            let folder = sandbox.folder.appending(path: "raw").path()
            let output = try await chat("\(address)/v1", ["--record", folder])
            #expect(output.errors.hasPrefix("note: \(folder) will hold the content of answers"))
            let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            let id = try #require(try await events().first?["id"] as? String)
            #expect(files == ["\(id).stream"])
            let attributes = try FileManager.default.attributesOfItem(
                atPath: "\(folder)/\(files[0])")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            let inspected = try await sandbox.run(
                ["inspect", "\(folder)/\(files[0])", "--format", "json"])
            #expect(try inspected.json()["known"] as? String == "reported")
        }
    }

    @Test func aConversationHasCommandsOfItsOwn() async throws {
        try await withStandIn { address in
            let terminal = PseudoTerminal(sandbox: sandbox)
            let ending = try await terminal.run(
                ["chat", "--model", "gpt-4.1", "--url", "\(address)/v1"],
                [
                    .see("> "), .type("hello\r"), .see("reported"), .see("> "), .type("/cost\r"),
                    .see("1 answer: $0.0"), .see("> "), .type("/model\r"), .see("gpt-4.1"),
                    .see("> "), .type("/nonsense\r"),
                    .see("error: no command \"/nonsense\"; /help lists them"), .see("> "),
                    .type("/help\r"), .see("/context TEXT"), .see("> "),
                    .type("/context be brief\r"), .see("> "), .type("again\r"), .see("reported"),
                    .see("> "), .type("/quit\r"),
                ])
            guard let ending else { return }
            #expect(ending.missing == nil, "\(ending.text)")
            #expect(ending.exit == 0)
            #expect(try await events().count == 2)
        }
    }

    @Test func ctrlCEndsAnAnswerAndThenTheConversation() async throws {
        try await withStandIn(["--tokens", "1000000", "--rate", "200"]) { address in
            let terminal = PseudoTerminal(sandbox: sandbox)
            let ending = try await terminal.run(
                ["chat", "--model", "gpt-4.1", "--url", "\(address)/v1"],
                [
                    .see("> "), .type("hello\r"), .see("She wrote"), .type("\u{3}"),
                    .see("estimated"), .see("> "), .type("\u{3}"),
                ])
            guard let ending else { return }
            #expect(ending.missing == nil, "\(ending.text)")
            #expect(ending.exit == 130)
            #expect(try await events().count == 1)
        }
    }

    // MARK: Before anything is sent

    struct Refusal: Sendable, CustomTestStringConvertible {
        let flags: [String]
        let exit: Int32
        let says: String
        var testDescription: String { flags.joined(separator: " ") }
    }

    @Test(arguments: [
        Refusal(
            flags: ["--model", "gpt-4.1"], exit: 1,
            says: "no key for openai: put it into OPENAI_API_KEY, or name a file with --key-file"),
        Refusal(
            flags: ["--model", "gpt-4.1", "--channel", "standard"], exit: 64,
            says: "--channel: standard says no base_url in its file; name an address with --url"),
        Refusal(
            flags: ["--model", "gpt-4.1", "--protocol", "ws"], exit: 64,
            says: "--channel: openai says no websocket_url in its file; name an address with --url"),
        Refusal(
            flags: ["--model", "gpt-4.1", "--url", "ws://127.0.0.1/x"], exit: 64,
            says: "--url: is one of a WebSocket; say --protocol ws"),
        Refusal(
            flags: ["--model", "gpt-4.1", "--url", "http://k@127.0.0.1/"], exit: 64,
            says:
                "--url: has a user name or a password in it; a key belongs in a variable or a file"),
        Refusal(
            flags: ["--model", "gpt-4.1", "--api", "cohere-v2", "--url", "http://127.0.0.1:9"],
            exit: 64,
            says:
                "--api: \"cohere-v2\" is not one of openai-chat, openai-responses, anthropic-messages, gemini"
        ),
        Refusal(
            flags: ["--model", "gpt-4.1", "--idle-timeout", "0", "--url", "http://127.0.0.1:9"],
            exit: 64,
            says:
                "--idle-timeout: \"0\" is not a number of seconds up to 86400, such as 30 or 0.5"),
        Refusal(
            flags: ["--model", "gpt-4.1", "--tag", "team", "--url", "http://127.0.0.1:9"], exit: 64,
            says: "--tag: \"team\" is not NAME=VALUE"),
        Refusal(
            flags: ["--model", "gpt-4.1", "--format", "json", "--url", "http://127.0.0.1:9"],
            exit: 64,
            says:
                "--format: chat prints the answer itself; tokenmeter ledger export has its event"),
        Refusal(
            flags: [
                "--model", "gpt-4.1", "--ca-file", "/nowhere.pem", "--url", "http://127.0.0.1:9",
            ],
            exit: 1,
            says: "cannot read certificates from /nowhere.pem: no such file, or it is not PEM"),
    ]) func refusesInOneSentence(_ refusal: Refusal) async throws {
        let output = try await sandbox.run(["chat"] + refusal.flags + ["hi"])
        #expect(output.exit == refusal.exit)
        #expect(output.errors == "error: \(refusal.says)\n")
    }

    @Test func aKeyIsNeitherShownNorSentInTheOpen() async throws {
        let secret = "sk-very-secret-1234567890"
        let open = try await chat(
            "http://shop.invalid/v1", environment: ["OPENAI_API_KEY": secret])
        #expect(open.exit == 64)
        #expect(open.errors.contains("is spoken to without TLS, and the key would be seen"))
        // A resolver may take its time to say so.
        let lost = try await chat(
            "https://shop.invalid/v1", ["--connect-timeout", "120"],
            environment: ["OPENAI_API_KEY": secret])
        #expect(lost.exit == 1)
        #expect(lost.errors == "error: no host of the name shop.invalid is known\n")
        let file = try sandbox.write("two words\n", to: "key")
        let broken = try await chat("https://shop.invalid/v1", ["--key-file", file])
        #expect(broken.exit == 64)
        let address = "https://shop.invalid/v1?api_key=\(secret)"
        let shown = try await chat(address, ["--key-file", file])
        #expect(shown.exit == 64)
        let asked = try await chat(address, environment: ["OPENAI_API_KEY": secret])
        #expect(asked.errors.hasPrefix("warning: the key in --url is shown to whoever lists"))
        // The key itself in its file's place.
        let slip = try await chat("https://shop.invalid/v1", ["--key-file", secret])
        #expect(slip.exit == 64)
        #expect(
            slip.errors
                == "error: --key-file: cannot be read: no such file, or no permission\n")
        for output in [open, lost, broken, shown, asked, slip] {
            #expect(!(output.errors + output.text).contains("secret"))
        }
    }
}
