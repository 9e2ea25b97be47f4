import Foundation
import Testing

/// Disks that fill up or turn read-only, and locks of other programs: a clear sentence, and nothing
/// in the ledger that was not kept whole.
@Suite(.needsBinary) struct LedgerFaultTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    /// A request of 1,000,000 input tokens to gpt-4.1, $2.00, for each number.
    private func write(_ numbers: Range<Int>, to name: String) throws {
        let lines = numbers.map { number in
            let second = String(format: "%02d:%02d", number / 60 % 60, number % 60)
            return
                #"{"id":"e\#(number)","start":"2026-10-01T10:\#(second)Z","channel":"openai","model":"gpt-4.1","usage":{"input":1000000},"user":"user \#(number)","vendor_id":"\#(String(repeating: "x", count: 200))"}"#
        }
        try sandbox.write(lines.joined(separator: "\n") + "\n", to: name)
    }

    private func importing(_ name: String, into database: String) async throws -> Output {
        try await sandbox.run(
            [
                "ledger", "import", name, "--from", "tokenmeter", "--database", database,
                "--format", "json",
            ], in: sandbox.folder)
    }

    private func requests(in database: String) async throws -> Int? {
        try await sandbox.run(
            [
                "usage", "--month", "2026-10", "--timezone", "UTC", "--database", database,
                "--format", "json",
            ], in: sandbox.folder
        ).json().integer("requests")
    }

    private func expectWhole(_ database: String) async throws {
        let output = try await sandbox.run(
            ["ledger", "verify", "--database", database], in: sandbox.folder)
        #expect(output.exit == 0, "\(output)")
    }

    #if os(Linux)
        @Test func survivesADiskThatFillsUpAndTurnsReadOnly() async throws {
            let disk = sandbox.folder.appending(path: "disk")
            try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
            let mount = try await sandbox.shell("mount -t tmpfs -o size=12m tokenmeter-e2e disk")
            guard mount.exit == 0 else { return }
            // Twice as much as fits.
            try write(0..<40_000, to: "many.ndjson")
            try write(40_000..<40_001, to: "one.ndjson")
            let full = try await importing("many.ndjson", into: "disk/ledger.db")
            #expect(full.exit == 1)
            #expect(full.text == "")
            #expect(full.errors.contains("full"), "\(full.errors)")
            #expect(full.errors.filter { $0 == "\n" }.count == 1)
            let kept = try await requests(in: "disk/ledger.db") ?? -1
            #expect(kept > 0 && kept < 40_000, "\(kept)")
            try await expectWhole("disk/ledger.db")

            _ = try await sandbox.shell("mount -o remount,ro,size=64m disk")
            let readOnly = try await importing("one.ndjson", into: "disk/ledger.db")
            #expect(readOnly.exit == 1)
            #expect(readOnly.errors.contains("disk/ledger.db"), "\(readOnly.errors)")
            #expect(readOnly.errors.filter { $0 == "\n" }.count == 1)

            // With room again, what was kept is there once and the rest follows.
            _ = try await sandbox.shell("mount -o remount,rw,size=64m disk")
            let again = try await importing("many.ndjson", into: "disk/ledger.db")
            let total = try await requests(in: "disk/ledger.db")
            let document = again.exit == 0 ? try again.json() : [:]
            try await expectWhole("disk/ledger.db")
            _ = try await sandbox.shell("umount disk")
            #expect(again.exit == 0, "\(again.errors)")
            #expect(document.integer("same") == kept)
            #expect(document.integer("new") == 40_000 - kept)
            #expect(total == 40_000)
        }
    #endif

    /// By SQLite's own lock, and by ours.
    @Test(arguments: [
        "sqlite3 held.db 'BEGIN IMMEDIATE' '.shell touch held; while [ -e held ]; do sleep 0.1; done'",
        "flock held.db.lock sh -c 'touch held; while [ -e held ]; do sleep 0.1; done'",
    ])
    func waitsForALockAndSaysSo(holding: String) async throws {
        guard try await sandbox.has(String(holding.prefix { $0 != " " })) else { return }
        try write(0..<1, to: "one.ndjson")
        try write(1..<2, to: "two.ndjson")
        #expect(try await importing("one.ndjson", into: "held.db").exit == 0)
        let output = try await sandbox.shell(
            """
            \(holding) > /dev/null 2>&1 &
            until [ -e held ]; do :; done
            tokenmeter ledger import two.ndjson --from tokenmeter --database held.db
            status=$?; rm held; exit $status
            """)
        #expect(output.exit == 1)
        #expect(output.text == "")
        #expect(
            output.errors
                == "error: database held.db is locked by another program; waited 5 s; try again when it is done\n"
        )
        #expect(try await requests(in: "held.db") == 1)
    }

    @Test func waitsOutAShortLock() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        try write(0..<1, to: "one.ndjson")
        try write(1..<2, to: "two.ndjson")
        #expect(try await importing("one.ndjson", into: "held.db").exit == 0)
        let output = try await sandbox.shell(
            """
            sqlite3 held.db 'BEGIN IMMEDIATE' '.shell touch held; sleep 1' > /dev/null 2>&1 &
            until [ -e held ]; do :; done
            tokenmeter ledger import two.ndjson --from tokenmeter --database held.db
            """)
        #expect(output.exit == 0, "\(output.errors)")
        #expect(try await requests(in: "held.db") == 2)
    }
}
