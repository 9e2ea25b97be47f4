import Foundation
import Testing

/// A stand-in for vendors with a relay before it, and a ledger of their own.
struct RelayBench {
    let sandbox: Sandbox
    /// What the relay passes on to.
    let upstream: String
    let relay: Curl

    /// Runs `body` against a relay whose upstreams are `file`, in which `UPSTREAM` is the stand-in's
    /// address; both end with 0 then.
    static func run(
        simulate: [String] = [], file: String = RelayBench.file, serve: [String] = [],
        endsWith code: Int32 = 0, sandbox: Sandbox? = nil,
        _ body: (RelayBench) async throws -> Void
    ) async throws {
        let sandbox = try sandbox ?? Sandbox()
        await Turnstile.services.enter()
        let result: Result<Int32, any Error>
        do {
            result = .success(try await run(simulate, file, serve, sandbox, body))
        } catch {
            result = .failure(error)
        }
        await Turnstile.services.leave()
        #expect(try result.get() == code)
    }

    private static func run(
        _ simulate: [String], _ file: String, _ serve: [String], _ sandbox: Sandbox,
        _ body: (RelayBench) async throws -> Void
    ) async throws -> Int32 {
        let standIn = try Service(
            sandbox, command: "simulate",
            flags: ["--tokens", "12", "--ttft", "0ms", "--rate", "max", "--for", "60m"] + simulate)
        do {
            let upstream = try await standIn.address()
            let path = try sandbox.write(
                file.replacing("UPSTREAM", with: upstream), to: "relay.yml")
            let service = try Service(sandbox, flags: ["--relay", path] + serve)
            do {
                let address = try await service.address()
                try await body(
                    RelayBench(
                        sandbox: sandbox, upstream: upstream,
                        relay: Curl(address: address, sandbox: sandbox)))
            } catch {
                _ = await service.stop()
                throw error
            }
            let code = await service.stop()
            _ = await standIn.stop()
            return code
        } catch {
            _ = await standIn.stop()
            throw error
        }
    }

    static let file = """
        upstreams:
          - {name: openai, base_url: UPSTREAM/v1, models: ["gpt-*"]}
          - {name: anthropic, base_url: UPSTREAM/v1, models: ["claude-*"]}
          - {name: google, base_url: UPSTREAM/v1beta}
        """

    static func question(_ more: String = "", model: String = "gpt-4.1") -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"hello"}]\#(more)}"#
    }

    /// The events of the ledger, the oldest first.
    func events() async throws -> [[String: any Sendable]] {
        let output = try await sandbox.run(["ledger", "export", "--format", "ndjson"])
        #expect(output.exit == 0, "\(output.errors)")
        return try output.lines.map { try JSON.object($0) }
    }

    /// The same once there are so many.
    func events(atLeast count: Int) async throws -> [[String: any Sendable]] {
        try await eventually("\(count) events") {
            let events = try await events()
            return events.count >= count ? events : nil
        }
    }

    /// How many requests the stand-in has got.
    func requests() async throws -> Int {
        let reply = try await Curl(address: upstream, sandbox: sandbox).get("/v1/stand-in")
        return try JSON.object(reply.body).integer("requests") ?? -1
    }
}
