import Accounting
import Foundation
import LedgerClient
import Pricing
import Testing

/// A real service's ledger over the wire, and what stands in for one that is none.
@Suite(.enabled(if: Programs.python != nil, "no python3 on the path"), .serialized)
struct RemoteLedgerTests {
    private static let key = "tm_1_hunter2"

    private static func time(_ text: String) throws -> Timestamp {
        try #require(Timestamp.parse(text.utf8))
    }

    private static func october(
        _ ledger: RemoteLedger, matching filter: EventFilter = EventFilter()
    ) async throws -> SpentAmounts {
        let (from, to) = (try time("2026-10-01T00:00:00Z"), try time("2026-11-01T00:00:00Z"))
        return try await waiting { try ledger.spent(from: from, to: to, matching: filter) }
    }

    // MARK: A real one

    /// gpt-4.1 at $2.00 a million input tokens, and one model that nobody prices.
    private func service() async throws -> (Listener, key: String) {
        func event(_ id: String, _ start: String, _ model: String, _ more: String) -> String {
            #"{"id":"\#(id)","start":"\#(start)","channel":"openai","model":"\#(model)","usage":{"input":1000000}\#(more)}"#
        }
        let lines = [
            event("a", "2026-10-01T00:00:00Z", "gpt-4.1", #","project":"web & co=1""#),
            event("b", "2026-10-31T23:59:59.999Z", "gpt-4.1", #","tags":{"env":"prod"}"#),
            event("c", "2026-11-01T00:00:00Z", "gpt-4.1", ""),
            event("d", "2026-09-15T00:00:00Z", "no-such-model", ""),
        ]
        let folder = try Programs.folder()
        let binary = try #require(Programs.tokenmeter)
        try Data(lines.joined(separator: "\n").utf8).write(
            to: folder.appending(path: "events.ndjson"))
        let database = ["TOKENMETER_DATABASE": folder.appending(path: "ledger.db").path()]
        let exit = try await Programs.run(
            binary, ["ledger", "import", "events.ndjson", "--from", "tokenmeter"], in: folder,
            environment: database)
        #expect(exit == 0)
        let made = try await Programs.run(
            URL(filePath: "/bin/sh"),
            ["-c", "'\(binary.path())' keys create --scope read --format csv | tail -n 1 > key"],
            in: folder, environment: database)
        #expect(made == 0)
        let key = try String(contentsOf: folder.appending(path: "key"), encoding: .utf8)
        let listener = try Listener(
            binary, ["serve", "--port", "0", "--require-key"], in: folder, environment: database)
        return (listener, key.filter { !$0.isWhitespace })
    }

    @Test(.enabled(if: Programs.tokenmeter != nil, "no tokenmeter to run"))
    func readsWhatARealServiceSays() async throws {
        let (service, key) = try await service()
        let url = "http://\(try await service.address())"
        let ledger = try RemoteLedger(url: url + "/", key: key)
        let status = try await waiting { try ledger.status() }
        #expect(
            status
                == SpendingStatus(
                    events: 4, newest: try Self.time("2026-11-01T00:00:00Z"), location: url))
        let october = try await Self.october(ledger)
        #expect(october.events == 2)
        #expect(october.amounts == [try Money("4.00", .usd)])
        #expect(october.problem == nil)
        let project = try await Self.october(
            ledger, matching: EventFilter([.project: ["web & co=1"], .model: ["gpt-*", "x"]]))
        #expect(project.events == 1)
        #expect(project.amounts == [try Money("2.00", .usd)])
        let tagged = try await Self.october(ledger, matching: EventFilter(tags: ["env": ["prod"]]))
        #expect(tagged.events == 1)
        let nothing = try await Self.october(ledger, matching: EventFilter([.channel: ["other"]]))
        #expect(nothing.events == 0)
        #expect(nothing.amounts == [])
        let all = try await waiting {
            try ledger.spent(
                from: Self.time("2026-09-01T00:00:00Z"), to: Self.time("2026-12-01T00:00:00.001Z"),
                matching: EventFilter())
        }
        #expect(all.events == 4)
        #expect(all.amounts == [try Money("6.00", .usd)])
        #expect(all.problem == "1 of its events have no cost")
        // What the service refuses, it refuses in a sentence of ours.
        let empty = try await Self.error {
            try ledger.spent(
                from: Self.time("2026-10-02T00:00:00Z"), to: Self.time("2026-10-01T00:00:00Z"),
                matching: EventFilter())
        }
        #expect(empty == .unread("\(url)/api/v1/usage", .status(400, hasKey: true)))
        // A path of its own, as behind a proxy, is kept.
        let elsewhere = try RemoteLedger(url: url + "/team", key: nil)
        let missing = try await Self.error { try elsewhere.status() }
        #expect(
            "\(missing)"
                == "cannot read the ledger at \(url)/team/api/v1/ledger/status: there is nothing at that address (status 404)"
        )
    }

    // MARK: What is none

    /// Tells what went wrong, and that no letter of the key is in it.
    private static func error<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> RemoteLedgerError {
        let error = try await #require(throws: RemoteLedgerError.self) {
            _ = try await waiting(body)
        }
        var dumped = ""
        dump(error, to: &dumped)
        #expect(!"\(error) \(dumped)".contains("hunter2"))
        return error
    }

    /// A second for each request.
    private static var limits: ServiceLimits {
        var limits = ServiceLimits()
        limits.connectMilliseconds = 1_000
        limits.requestMilliseconds = 1_000
        return limits
    }

    /// What the standing-in service's status comes to, after its address.
    private func failure(
        of standIn: StandIn, key: String? = Self.key, limits: ServiceLimits = ServiceLimits()
    ) async throws -> String {
        let url = "http://\(try await standIn.address())"
        let ledger = try RemoteLedger(url: url, key: key, limits: limits)
        let error = try await Self.error { try ledger.status() }
        let start = "cannot read the ledger at \(url)/api/v1/ledger/status: "
        #expect("\(error)".hasPrefix(start), "\(error)")
        return String("\(error)".dropFirst(start.count))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let status: Int
        var key: String? = "tm_1_hunter2"
        let sentence: String
        var testDescription: String { "\(status)" }
    }

    @Test(arguments: [
        Refusal(
            status: 401, sentence: "the key in TOKENMETER_KEY is not known there (status 401)"),
        Refusal(
            status: 401, key: nil,
            sentence: "it wants a key, and TOKENMETER_KEY holds none (status 401)"),
        Refusal(
            status: 403, sentence: "the key in TOKENMETER_KEY may not read there (status 403)"),
        Refusal(
            status: 403, key: nil,
            sentence:
                "it may not be read without a key; put one into TOKENMETER_KEY (status 403)"),
        Refusal(status: 404, sentence: "there is nothing at that address (status 404)"),
        Refusal(status: 421, sentence: "the service refused the question (status 421)"),
        Refusal(status: 500, sentence: "the service failed; its log says why (status 500)"),
        Refusal(status: 503, sentence: "the service failed; its log says why (status 503)"),
        Refusal(status: 204, sentence: "the service refused the question (status 204)"),
    ])
    func saysWhatAStatusMeans(refusal: Refusal) async throws {
        let problem =
            #"{"type":"urn:tokenmeter:problem:x","title":"KEY","status":401,"detail":"KEY"}"#
        let standIn = try StandIn(
            status: refusal.status, headers: ["Content-Type=application/problem+json"],
            body: refusal.status == 204 ? "" : problem)
        #expect(try await failure(of: standIn, key: refusal.key) == refusal.sentence)
    }

    private static let status =
        #"{"schema":"tokenmeter.ledger-status/1","events":1,"newest":"2026-10-01T00:00:00Z"}"#

    /// Where it leads to is a document as it was asked for: one that follows would not fail.
    @Test(arguments: [301, 302, 303, 307, 308])
    func followsNoRedirect(status: Int) async throws {
        let standIn = try StandIn(
            status: status, headers: ["Location=/elsewhere?key=KEY"], body: Self.status)
        #expect(
            try await failure(of: standIn)
                == "it leads elsewhere, and redirects are not followed; give the final address (status \(status))"
        )
    }

    @Test func readsADocumentOfAStandIn() async throws {
        let standIn = try StandIn(body: Self.status, padding: (1 << 20) - Self.status.utf8.count)
        let ledger = try RemoteLedger(url: "http://\(try await standIn.address())", key: nil)
        #expect(try await waiting { try ledger.status() }.events == 1)
    }

    @Test func refusesABodyOfOneByteTooMany() async throws {
        let standIn = try StandIn(
            body: Self.status, padding: (1 << 20) - Self.status.utf8.count + 1)
        #expect(try await failure(of: standIn) == "the answer is larger than 1024 KiB")
    }

    @Test(arguments: ["<html>KEY</html>", "", "{", #"{"KEY":1,"KEY":1}"#])
    func refusesWhatIsNotJSON(body: String) async throws {
        let standIn = try StandIn(body: body)
        #expect(
            try await failure(of: standIn)
                == "the answer is not JSON; is it the address of a tokenmeter service?")
    }

    @Test(arguments: [
        "[]", "1", "null", "{}", #"{"schema":"KEY"}"#, #"{"schema":"tokenmeter.usage/1"}"#,
        #"{"schema":"tokenmeter.ledger-status/2","events":1,"newest":null}"#,
        #"{"schema":"tokenmeter.ledger-status/1","events":-1,"newest":null}"#,
        #"{"schema":"tokenmeter.ledger-status/1","events":1.5,"newest":null}"#,
        #"{"schema":"tokenmeter.ledger-status/1","events":"1","newest":null}"#,
        #"{"schema":"tokenmeter.ledger-status/1","newest":null}"#,
        #"{"schema":"tokenmeter.ledger-status/1","events":1}"#,
        #"{"schema":"tokenmeter.ledger-status/1","events":1,"newest":"KEY"}"#,
    ])
    func refusesAnotherDocument(body: String) async throws {
        let standIn = try StandIn(body: body)
        #expect(
            try await failure(of: standIn)
                == "the answer is not the tokenmeter.ledger-status/1 document that was asked for; is it the address of a tokenmeter service of this version?"
        )
    }

    @Test func stopsWaitingForOneThatSaysNothing() async throws {
        let failure = try await failure(of: try StandIn(.silent), limits: Self.limits)
        #expect(failure == "no whole answer within 1 s")
    }

    /// Each byte comes in time, and the whole does not.
    @Test func stopsWaitingForOneThatNeverEnds() async throws {
        let failure = try await failure(of: try StandIn(.drip), limits: Self.limits)
        #expect(failure == "no whole answer within 1 s")
    }

    @Test func saysThatAnAnswerWasCutShort() async throws {
        let failure = try await failure(of: try StandIn(.cut, body: Self.status))
        #expect(failure == "the connection ended before the answer did")
    }

    @Test func saysThatItSpeaksAnotherProtocol() async throws {
        let failure = try await failure(of: try StandIn(.greet))
        #expect(failure == "what answers there does not speak HTTP as a service does")
    }

    /// At a port that no test is given, as one that was just closed may be.
    @Test func saysThatNothingListens() async throws {
        let url = "http://127.0.0.1:1"
        let ledger = try RemoteLedger(url: url, key: Self.key)
        let error = try await Self.error { try ledger.status() }
        #expect(error == .unread("\(url)/api/v1/ledger/status", .refusesConnections))
    }

    @Test(.enabled(if: Programs.openssl != nil, "no openssl on the path"))
    func trustsNoCertificateThatNobodySigned() async throws {
        let folder = try Programs.folder()
        let exit = try await Programs.run(
            try #require(Programs.openssl),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem",
            ], in: folder)
        #expect(exit == 0)
        let standIn = try StandIn(.secure, body: Self.status, folder: folder)
        let port = try #require(try await standIn.address().split(separator: ":").last)
        let ledger = try RemoteLedger(url: "https://localhost:\(port)", key: Self.key)
        let error = try await Self.error { try ledger.status() }
        #expect(
            error == .unread("https://localhost:\(port)/api/v1/ledger/status", .untrusted))
    }

    // MARK: Usage that is not what was asked

    private static func usage(
        since: String = "2026-10-01T00:00:00Z", where filter: String = "",
        requests: String = "2", total: String = #"[{"amount":"4.00","currency":"USD"}]"#,
        more: String = #""is_complete":true"#
    ) -> String {
        #"{"schema":"tokenmeter.usage/1","range":{"since":"\#(since)","until":"2026-11-01T00:00:00Z","timezone":"UTC"},\#(filter)"requests":\#(requests),"total":\#(total),\#(more),"rows":[]}"#
    }

    @Test func readsUsageInTwoCurrencies() async throws {
        let two =
            #"[{"amount":"4.000000000000000001","currency":"USD"},{"amount":"-0.50","currency":"CNY"}]"#
        let standIn = try StandIn(
            body: Self.usage(total: two, more: #""is_complete":false,"unknown_requests":1"#))
        let ledger = try RemoteLedger(url: "http://\(try await standIn.address())", key: nil)
        let spent = try await Self.october(ledger)
        #expect(
            spent.amounts == [
                try Money("-0.50", .cny), try Money("4.000000000000000001", .usd),
            ])
        #expect(spent.problem == "1 of its events have no cost")
    }

    @Test(arguments: [
        // Of another month, or of other events, as a cache might keep it.
        usage(since: "2026-09-01T00:00:00Z"), usage(where: #""where":{"project":["web"]},"#),
        usage(where: #""where":{"colour":["red"]},"#), usage(where: #""where":[],"#),
        usage(requests: "-1"), usage(requests: "null"), usage(requests: "9223372036854775808"),
        usage(total: "null"), usage(total: #"[{"amount":4.00,"currency":"USD"}]"#),
        usage(total: #"[{"amount":"4e0","currency":"USD"}]"#),
        usage(total: #"[{"amount":"4.00","currency":"usd"}]"#),
        usage(total: #"[{"amount":"4.00"}]"#),
        usage(total: #"[{"amount":"4.00","currency":"USD","converted":true}]"#),
        usage(
            total: #"[{"amount":"4.00","currency":"USD"},{"amount":"1.00","currency":"USD"}]"#),
        usage(more: #""is_complete":1"#), usage(more: #""fx":[]"#),
        usage(more: #""is_complete":true,"unpriced_requests":-1"#),
        usage(more: #""is_complete":true,"unknown_requests":"1""#),
    ])
    func refusesUsageThatIsNotWhatWasAsked(body: String) async throws {
        let standIn = try StandIn(body: body)
        let url = "http://\(try await standIn.address())"
        let ledger = try RemoteLedger(url: url, key: nil)
        let error = try await #require(throws: RemoteLedgerError.self) {
            try await Self.october(ledger)
        }
        #expect(
            error
                == .unread("\(url)/api/v1/usage", .otherDocument(wanted: "tokenmeter.usage/1")))
    }
}
