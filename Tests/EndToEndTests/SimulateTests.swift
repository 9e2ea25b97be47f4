import Foundation
import Testing

/// The stand-in as a process: how it starts, ends, and is asked by curl.
@Suite(.needsBinary) struct SimulateTests {
    /// Runs a line of shell while a stand-in serves; `$ADDRESS` names it. The stand-in's own words
    /// follow what the line printed.
    private static func serving(_ flags: String, _ line: String) async throws -> Output {
        let sandbox = try Sandbox()
        return try await sandbox.shell(
            """
            tokenmeter simulate --port 0 --for 60m --ttft 0 --rate max \(flags) 2>log >out &
            PID=$!
            address() { sed -n 's/^listening on //p' log; }
            until [ -n "$(address)" ] || ! kill -0 $PID 2>/dev/null; do sleep 0.05; done
            ADDRESS=$(address)
            \(line)
            kill $PID; wait $PID
            cat out log | sed 's/:[0-9]*$//'
            """)
    }

    @Test func servesUntilItIsAskedToEnd() async throws {
        let output = try await Self.serving(
            "--tokens 3",
            "curl -s $ADDRESS/v1/chat/completions -d '{\"stream\":true}' | grep -c content")
        #expect(
            output.text == """
                4
                listening on http://127.0.0.1
                answered 1 of 1 requests to the end; 0 broke off

                """)
    }

    @Test func endsByItselfWhenItsTimeIsOver() async throws {
        let output = try await Sandbox().run(["simulate", "--port", "0", "--for", "50ms"])
        #expect(output.exit == 0)
        #expect(output.errors.contains("answered 0 of 0 requests"))
    }

    @Test func clientsCanTrustWhatItWrites() async throws {
        let output = try await Self.serving(
            "--certificate trust.pem",
            """
            curl -s --cacert trust.pem -o body -w '%{http_version}\\n' \
                ${ADDRESS%127.0.0.1:*}localhost:${ADDRESS##*:}/v1/messages -d '{"stream":true}'
            curl -s $ADDRESS/v1/models; echo $?
            tail -2 body
            """)
        #expect(output.text.hasPrefix("2\n60\ndata: {\"type\":\"message_stop\"}\n"))
    }

    @Test func aRecordingComesOutAsItIs() async throws {
        let sandbox = try Sandbox()
        let path = try sandbox.write("data: 1\r\n\r\n: x\n\ndata: [DONE]", to: "recorded.sse")
        let served = try await Self.serving(
            "--replay \(path)",
            "curl -s $ADDRESS/v1/chat/completions -d '{}' | cmp - \(path) && echo same")
        #expect(served.text.hasPrefix("same\n"))
    }

    struct Refusal: CustomTestStringConvertible {
        let flags: [String]
        var code: Int32 = 64
        let words: String
        var testDescription: String { flags.joined(separator: " ") }
    }

    @Test(arguments: [
        Refusal(flags: ["--host", "0.0.0.0"], code: 1, words: "listens on this machine alone"),
        Refusal(flags: ["--tokens", "x"], words: "--tokens: \"x\" is not a count"),
        Refusal(
            flags: ["--fault", "fire"], words: "--fault: \"fire\" is no fault; there are stall:N"),
        Refusal(flags: ["--for", "soon"], words: "--for: \"soon\" is no duration"),
        Refusal(flags: ["--port", "70000"], words: "--port: 70000 is not from 0 to 65535"),
        Refusal(flags: ["--fault-times=-1"], words: "--fault-times: -1 is below 0"),
    ])
    func refusesWhatMeansNothing(_ refusal: Refusal) async throws {
        let output = try await Sandbox().run(["simulate"] + refusal.flags)
        #expect(output.exit == refusal.code)
        #expect(output.errors.contains(refusal.words))
        #expect(output.text.isEmpty)
    }

    @Test func benchMeasuresEveryTransport() async throws {
        let output = try await Sandbox().run([
            "bench", "--tokens", "30", "--rate", "max", "--ttft", "0", "--runs", "2", "--streams",
            "5",
            "--format", "json",
        ])
        #expect(output.exit == 0, "\(output.errors)")
        let document = try output.json()
        let rows = try #require(document["rows"] as? [[String: any Sendable]])
        #expect(
            rows.map { $0["transport"] as? String } == ["sse-http1", "sse-http2", "websocket"])
        for row in rows {
            let bytes = try #require(row["bytes_per_token"] as? [String: String])
            let framing = try #require(bytes["framing"].flatMap { Double($0) })
            #expect(framing >= 2 && framing < 30, "\(row)")
        }
    }

    #if os(Linux)
        /// Whoever ends it ends its stand-in, and the folder of that.
        @Test func benchLeavesNobodyBehind() async throws {
            let output = try await Sandbox().shell(
                """
                tokenmeter bench --tokens 1000 --rate 20 --runs 1 --streams 0 2>/dev/null &
                PID=$!
                until ls tokenmeter-bench-*/trust.pem >/dev/null 2>&1; do sleep 0.05; done
                kill -TERM $PID
                wait $PID
                echo "exit $?"
                for i in $(seq 200); do
                    grep -qs "$PWD/[t]okenmeter-bench" /proc/[0-9]*/cmdline || break
                    sleep 0.05
                done
                grep -cs "$PWD/[t]okenmeter-bench" /proc/[0-9]*/cmdline | grep -v ':0$'
                ls -d tokenmeter-bench-* 2>/dev/null
                true
                """)
            #expect(output.text == "exit 143\n", "\(output.text)\(output.errors)")
        }
    #endif

    @Test func benchRefusesHalfAComparison() async throws {
        let output = try await Sandbox().run(["bench", "--url", "http://127.0.0.1:1/v1"])
        #expect(output.exit == 64)
        #expect(output.errors == "error: --url: it needs --against, and --against needs it\n")
        let nobody = try await Sandbox().run([
            "bench", "--url", "http://127.0.0.1:1/v1", "--against", "http://127.0.0.1:1/v1",
        ])
        #expect(nobody.exit == 1)
        #expect(nobody.errors.contains("nothing takes a connection at 127.0.0.1:1"))
    }
}
