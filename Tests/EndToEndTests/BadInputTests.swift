import Foundation
import Testing

/// Places that cannot be written, programs that get in the way, and files that are not what they
/// should be.
@Suite(.needsBinary) struct BadInputTests {
    private static let price = [
        "price", "--model", "gpt-4.1", "--output-tokens", "1000", "--format", "csv",
    ]

    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func price(_ database: String? = nil) async throws -> Output {
        try await sandbox.run(
            Self.price + (database.map { ["--database", $0] } ?? []), in: sandbox.folder)
    }

    /// 1,000 output tokens at 8.00 per million.
    private func expectAnswer(_ output: Output, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(output.exit == 0, sourceLocation: sourceLocation)
        #expect(
            output.text.contains("0.008,USD"), "\(output.errors)", sourceLocation: sourceLocation)
    }

    // MARK: Starting

    @Test func aSecondStartLoadsNothing() async throws {
        expectAnswer(try await price())
        func state() throws -> [String: String] {
            let folder = sandbox.database.deletingLastPathComponent()
            var state: [String: String] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()) {
                let path = folder.appending(path: name).path()
                let changed = try FileManager.default.attributesOfItem(atPath: path)[
                    .modificationDate]
                state[name] =
                    "\((changed as? Date)?.timeIntervalSince1970 ?? 0) "
                    + (try Data(contentsOf: URL(filePath: path))).base64EncodedString()
            }
            return state
        }
        let before = try state()
        let second = try await price()
        expectAnswer(second)
        #expect(second.errors == "")
        #expect(try state() == before)
    }

    @Test func manyStartAtOnceOnANewDatabase() async throws {
        let outputs = try await withThrowingTaskGroup(of: Output.self) { group in
            for _ in 0..<6 { group.addTask { try await price() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for output in outputs {
            expectAnswer(output)
            #expect(output.errors == "")
        }
    }

    @Test func twoAddersAtOnceBothKeepTheirFile() async throws {
        for name in ["one", "two", "three"] {
            try sandbox.write(Self.channel(name, output: "1.00"), to: "\(name).yml")
        }
        let outputs = try await withThrowingTaskGroup(of: Output.self) { group in
            for name in ["one", "two", "three"] {
                group.addTask {
                    try await sandbox.run(["rates", "add", "\(name).yml"], in: sandbox.folder)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outputs.map(\.exit) == [0, 0, 0], "\(outputs.map(\.errors))")
        let list = try await sandbox.run(["rates", "list", "--model", "gpt-4.1", "--format", "csv"])
        for name in ["one", "two", "three"] { #expect(list.text.contains("\n\(name),")) }
    }

    /// Killed at any moment of its first start, it leaves nothing behind that a later start stumbles over.
    @Test func survivesBeingKilledWhileItLoads() async throws {
        guard try await sandbox.has("timeout") else { return }
        for milliseconds in stride(from: 5, through: 120, by: 5) {
            let name = "killed-\(milliseconds).db"
            let digits =
                milliseconds < 10
                ? "00\(milliseconds)" : milliseconds < 100 ? "0\(milliseconds)" : "\(milliseconds)"
            _ = try await sandbox.shell(
                "timeout -s KILL 0.\(digits) tokenmeter rates list --database \(name)")
            let output = try await price(name)
            expectAnswer(output)
            #expect(output.errors == "", "\(milliseconds) ms")
        }
    }

    @Test func namesTheDatabaseByTheEnvironment() async throws {
        let place = sandbox.folder.appending(path: "elsewhere/mine.db").path()
        let output = try await sandbox.run(Self.price, environment: ["TOKENMETER_DATABASE": place])
        expectAnswer(output)
        #expect(FileManager.default.fileExists(atPath: place))
        #expect(!FileManager.default.fileExists(atPath: sandbox.database.path()))
    }

    @Test func pricingDataNeverReachesTheDatabase() async throws {
        let output = try await sandbox.run(
            ["price", "--model", "acme-large", "--output-tokens", "1000", "--at", "2026-11-22"]
                + Tokenmeter.fixtureRates)
        #expect(output.exit == 0)
        #expect(!FileManager.default.fileExists(atPath: sandbox.database.path()))
    }

    /// Its events would have no line to be priced by.
    @Test func noRelayRunsOnRatesThatItsLedgerCannotKeep() async throws {
        try sandbox.write(
            "upstreams: [{name: a, channel: acme, base_url: 'http://127.0.0.1:9/v1', key: none}]",
            to: "relay.yml")
        let output = try await sandbox.run(
            ["serve", "--port", "0", "--relay", "relay.yml", "--pricing-data"] + [
                Tokenmeter.repository.appending(path: "Tests/Fixtures/pricing-data").path()
            ],
            in: sandbox.folder, timeout: .seconds(20))
        #expect(output.exit == 64)
        #expect(
            output.errors
                == "error: --pricing-data: the ledger keeps to its own rates; rates add brings others in\n"
        )
    }

    @Test func aCertificateThatIsNoneIsNamed() async throws {
        let file = try sandbox.write("no PEM", to: "key.pem")
        for certificate in ["nope.pem", file] {
            let output = try await sandbox.run(
                [
                    "serve", "--port", "0", "--tls-certificate", certificate, "--tls-key", file,
                ], in: sandbox.folder, timeout: .seconds(20))
            #expect(output.exit == 1)
            #expect(
                output.errors
                    == "error: cannot serve: \(certificate) holds no certificate in PEM\n")
        }
    }

    // MARK: Places that cannot be written

    @Test func fallsBackToMemoryBelowAFile() async throws {
        try sandbox.write("", to: "file")
        let output = try await price("file/ledger.db")
        expectAnswer(output)
        #expect(output.errors.hasPrefix("note: "))
        #expect(output.errors.filter { $0 == "\n" }.count == 1)
    }

    @Test func fallsBackToMemoryInAFolder() async throws {
        let output = try await price(sandbox.data.path())
        expectAnswer(output)
        #expect(output.errors.hasPrefix("note: "))
    }

    @Test func fallsBackToMemoryWithoutAHome() async throws {
        let output = try await sandbox.run(
            Self.price, environment: ["XDG_DATA_HOME": "", "HOME": ""])
        expectAnswer(output)
        #expect(output.errors.filter { $0 == "\n" }.count == 1)
        #expect(output.errors.contains("--database"))
    }

    /// A relative folder is no XDG folder (its specification says to pass over it).
    @Test func passesOverARelativeDataFolder() async throws {
        let output = try await sandbox.run(
            Self.price, environment: ["XDG_DATA_HOME": "relative"], in: sandbox.folder)
        expectAnswer(output)
        #expect(
            FileManager.default.fileExists(
                atPath: sandbox.folder.appending(path: ".local/share/tokenmeter/ledger.db").path()))
    }

    #if os(Linux)
        @Test(arguments: ["/proc/ledger.db", "/sys/ledger.db", "/proc/self/ledger.db", "/dev/full"])
        func fallsBackToMemoryInAReadOnlyPlace(path: String) async throws {
            let output = try await price(path)
            expectAnswer(output)
            #expect(output.errors.hasPrefix("note: "))
            #expect(output.errors.filter { $0 == "\n" }.count == 1)
            // What was to be kept is not: adding fails there.
            try sandbox.write(Self.channel("mine", output: "1.00"), to: "mine.yml")
            let adding = try await sandbox.run(
                ["rates", "add", "mine.yml", "--database", path], in: sandbox.folder)
            #expect(adding.exit == 1)
            #expect(adding.text == "")
        }

        @Test func saysThatItsOutputIsFull() async throws {
            let output = try await sandbox.shell("tokenmeter rates list > /dev/full")
            #expect(output.exit == 1)
            #expect(output.errors.contains("No space left on device"))
        }

        /// A file system of 128 KB: too small for the tables, and left without a half-written
        /// database.
        @Test func livesWithAFullDisk() async throws {
            let disk = sandbox.folder.appending(path: "disk")
            try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
            let mount = try await sandbox.shell("mount -t tmpfs -o size=128k tokenmeter-e2e disk")
            guard mount.exit == 0 else { return }
            let first = try await price("disk/ledger.db")
            let second = try await price("disk/ledger.db")
            let integrity = try await sandbox.shell(
                "[ ! -s disk/ledger.db ] || sqlite3 disk/ledger.db 'PRAGMA integrity_check; SELECT count(*) FROM catalog'"
            )
            _ = try await sandbox.shell("umount disk")
            for output in [first, second] {
                expectAnswer(output)
                #expect(output.errors.hasPrefix("note: "), "\(output.errors)")
                #expect(output.errors.contains("full"))
                #expect(output.errors.filter { $0 == "\n" }.count == 1)
            }
            #expect(
                ["", "ok\n0\n"].contains(integrity.text)
                    || integrity.errors.contains("no such table"))
        }
    #endif

    // MARK: What is not ours, or not whole

    @Test func leavesAForeignFileAlone() async throws {
        let text = String(repeating: "not a database, but longer than a page\n", count: 200)
        try sandbox.write(text, to: "notes.txt")
        let output = try await price("notes.txt")
        #expect(output.exit == 1)
        #expect(output.text == "")
        #expect(
            output.errors
                == "error: notes.txt is no tokenmeter database; name another with --database\n")
        let kept = try String(
            contentsOf: sandbox.folder.appending(path: "notes.txt"), encoding: .utf8)
        #expect(kept == text)
    }

    @Test func refusesADatabaseThatIsCutOff() async throws {
        expectAnswer(try await price())
        let whole = try Data(contentsOf: sandbox.database)
        for length in [100, 4096, 5000, 20_000, whole.count - 4096] {
            try whole.prefix(length).write(to: sandbox.folder.appending(path: "half.db"))
            let output = try await price("half.db")
            #expect(output.exit == 1 || output.exit == 0, "\(length)")
            if output.exit == 1 {
                #expect(output.text == "")
                #expect(
                    output.errors.filter { $0 == "\n" }.count == 1, "\(length): \(output.errors)")
            } else {
                expectAnswer(output)
            }
        }
    }

    @Test func neverAnswersFromADamagedDatabase() async throws {
        expectAnswer(try await price())
        let whole = try Data(contentsOf: sandbox.database)
        for page in stride(from: 1, to: whole.count / 4096, by: 7) {
            var broken = whole
            broken.replaceSubrange(
                page * 4096..<page * 4096 + 4096, with: Data(repeating: 0xA5, count: 4096))
            try broken.write(to: sandbox.folder.appending(path: "broken.db"))
            let output = try await price("broken.db")
            if output.exit == 0 {
                expectAnswer(output)
            } else {
                #expect(output.exit == 1, "page \(page): \(output.errors)")
                #expect(output.text == "")
            }
        }
    }

    @Test func refusesADatabaseOfANewerVersion() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        expectAnswer(try await price())
        let path = sandbox.database.path()
        _ = try await sandbox.shell(
            "sqlite3 '\(path)' \"INSERT INTO grdb_migrations VALUES ('9999 of the future')\"")
        for question in [Self.price, ["rates", "list"]] {
            let output = try await sandbox.run(question)
            #expect(output.exit == 1)
            #expect(output.text == "")
            #expect(
                output.errors
                    == "error: database \(path) was made by a newer tokenmeter; upgrade tokenmeter, or name another with --database\n"
            )
        }
    }

    /// The rows themselves refuse to be changed, whoever asks.
    @Test(arguments: [
        "UPDATE rate SET quote = '0.01'", "DELETE FROM rate", "DELETE FROM rate_line",
        "UPDATE catalog SET date = NULL",
        "INSERT OR REPLACE INTO rate SELECT line, meter, '0.01', quoted_units FROM rate LIMIT 1",
        "DELETE FROM added_rate_file", "UPDATE rate_line SET channel = 'x'",
    ])
    func historyDoesNotMove(statement: String) async throws {
        guard try await sandbox.has("sqlite3") else { return }
        expectAnswer(try await price())
        try sandbox.write(Self.channel("mine", output: "1.00"), to: "mine.yml")
        #expect(try await sandbox.run(["rates", "add", "mine.yml"], in: sandbox.folder).exit == 0)
        let output = try await sandbox.shell(
            "sqlite3 '\(sandbox.database.path())' 'PRAGMA recursive_triggers = ON' \"\(statement)\""
        )
        #expect(output.exit != 0)
        #expect(output.errors.contains("append-only"))
    }

    // MARK: Locks

    /// SQLite's own lock, held over the five seconds that are waited for.
    @Test func waitsForALockAndSaysSo() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        let output = try await sandbox.shell(
            """
            sqlite3 held.db 'BEGIN EXCLUSIVE; CREATE TABLE a (b);' '.shell touch held; while [ -e held ]; do sleep 0.1; done' >/dev/null 2>&1 &
            until [ -e held ]; do :; done
            tokenmeter \(Self.price.dropLast(2).joined(separator: " ")) --database held.db
            status=$?; rm held; exit $status
            """)
        #expect(output.exit == 1)
        #expect(output.text == "")
        #expect(
            output.errors
                == "error: database held.db is locked by another program; waited 5 s; try again when it is done\n"
        )
    }

    /// A lock that is let go in time is waited out.
    @Test func waitsOutAShortLock() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        let output = try await sandbox.shell(
            """
            sqlite3 held.db 'BEGIN EXCLUSIVE; PRAGMA user_version;' '.shell touch held; sleep 1' >/dev/null 2>&1 &
            until [ -e held ]; do :; done
            tokenmeter \(Self.price.joined(separator: " ")) --database held.db
            """)
        expectAnswer(output)
        #expect(output.errors == "")
    }

    /// A writer elsewhere does not keep a reader of a loaded database waiting.
    @Test func readsBesideAWriter() async throws {
        guard try await sandbox.has("sqlite3") else { return }
        let output = try await sandbox.shell(
            """
            tokenmeter rates list --database loaded.db > /dev/null
            sqlite3 loaded.db 'BEGIN IMMEDIATE;' '.shell touch held; sleep 8' >/dev/null 2>&1 &
            until [ -e held ]; do :; done
            tokenmeter \(Self.price.joined(separator: " ")) --database loaded.db
            """)
        expectAnswer(output)
    }

    // MARK: rates add

    private static func channel(
        _ name: String, from date: String = "2026-01-01", output: String, more: String = ""
    ) -> String {
        """
        channel: \(name)
        name: A channel of a test
        currency: USD
        lines:
        \(line(from: date, output: output))\(more)
        """
    }

    private static func line(from date: String, output: String, corrects: String = "") -> String {
        """
          - model: gpt-4.1
            valid_from: \(date)
            source: "my contract"
            checked: 2026-11-22
            rates: {input: 1.00, output: \(output)}\(corrects)

        """
    }

    private func add(_ text: String, name: String = "mine.yml") async throws -> Output {
        try sandbox.write(text, to: name)
        return try await sandbox.run(
            ["rates", "add", name, "--format", "json"], in: sandbox.folder)
    }

    /// What 1M output tokens cost on the channel that was added.
    private func cost(at time: String = "2026-11-22", channel: String = "mine") async throws
        -> String?
    {
        let output = try await sandbox.run([
            "price", "--model", "gpt-4.1", "--channel", channel, "--output-tokens", "1M", "--at",
            time,
            "--format", "json",
        ])
        return output.exit == 0 ? try output.json().money("cost") : nil
    }

    @Test func keepsAChannelOfOnesOwn() async throws {
        let first = try await add(Self.channel("mine", output: "6.80"))
        #expect(first.exit == 0)
        #expect(try first.json()["added"] as? Bool == true)
        #expect(try await cost() == "6.80 USD")
        // The same file again is no error, and changes nothing.
        let again = try await add(Self.channel("mine", output: "6.80"))
        #expect(again.exit == 0)
        #expect(try again.json()["added"] as? Bool == false)
    }

    @Test func refusesALineThatWasChangedInPlace() async throws {
        #expect(try await add(Self.channel("mine", output: "6.80")).exit == 0)
        let output = try await add(Self.channel("mine", output: "0.68"))
        #expect(output.exit == 1)
        #expect(output.text == "")
        #expect(output.errors.contains("corrects"))
        #expect(output.errors.contains("add a new one"))
        #expect(try await cost() == "6.80 USD")
    }

    @Test func refusesItUnderAnotherFileName() async throws {
        #expect(try await add(Self.channel("mine", output: "6.80")).exit == 0)
        #expect(try await add(Self.channel("mine", output: "0.68"), name: "other.yml").exit == 1)
        #expect(try await cost() == "6.80 USD")
    }

    @Test func takesANewerLineBesideTheOld() async throws {
        #expect(try await add(Self.channel("mine", output: "6.80")).exit == 0)
        let newer = Self.channel(
            "mine", output: "6.80", more: Self.line(from: "2026-06-01", output: "5.00"))
        #expect(try await add(newer).exit == 0)
        #expect(try await cost() == "5.00 USD")
        #expect(try await cost(at: "2026-05-31") == "6.80 USD")
    }

    @Test func takesACorrectionThatNamesTheWrongLine() async throws {
        let first = try await add(Self.channel("mine", output: "6.80"))
        let id = try #require(try first.json().objects("rows").first?.string("line"))
        let corrected =
            Self.channel("mine", output: "6.80")
            + Self.line(from: "2026-01-01", output: "0.68", corrects: "\n    corrects: \(id)")
        let output = try await add(corrected)
        #expect(output.exit == 0, "\(output.errors)")
        #expect(try await cost() == "0.68 USD")
        let history = try await sandbox.run([
            "rates", "history", "gpt-4.1", "--channel", "mine", "--format", "json",
        ])
        let rows = try history.json().objects("rows")
        #expect(rows.count == 2)
        #expect(rows.first { $0.string("id") == id }?["withdrawn"] as? Bool == true)
    }

    /// The fault is the user's, and is told at the user's file.
    @Test func refusesAChannelThatIsThere() async throws {
        let output = try await add(
            Self.channel("openai", from: "2026-01-01", output: "7.00"), name: "openai.yml")
        #expect(output.exit == 1)
        #expect(output.text == "")
        #expect(output.errors.contains("openai.yml:1"))
        #expect(!output.errors.contains("error: channels/openai.yml"))
        let price = try await sandbox.run(Self.price)
        expectAnswer(price)
    }

    @Test func takesADiscountOnAnotherChannel() async throws {
        let text = """
            channel: mine
            name: A discount
            extends: openai
            multiplier: 0.85
            valid_from: 2026-01-01
            source: "my contract"
            checked: 2026-11-22
            """
        #expect(try await add(text).exit == 0)
        // 0.85 × 8.00.
        #expect(try await cost() == "6.80 USD")
        // The multiplier moves with a day of its own, not in place.
        #expect(try await add(text.replacing("0.85", with: "0.80")).exit == 1)
        #expect(try await cost() == "6.80 USD")
    }

    /// One wrong line of a hundred, and none of them is kept.
    @Test func keepsNothingOfAFaultyFile() async throws {
        var text = Self.channel("mine", output: "1.00")
        for day in 1...28 {
            text += Self.line(from: "2026-02-\(day < 10 ? "0" : "")\(day)", output: "2.00")
        }
        let faulty = text + Self.line(from: "2026-03-01", output: "1e3")
        let refused = try await add(faulty)
        #expect(refused.exit == 1)
        #expect(refused.text == "")
        #expect(refused.errors.contains("mine.yml:"))
        #expect(try await cost() == nil)
        #expect(try await add(text).exit == 0)
        #expect(try await cost() == "2.00 USD")
    }

    @Test(arguments: [
        ("", "empty"), ("channel: mine\n", "currency"), ("just text\n", "expected keys"),
        ("a: [1, 2\n", "not YAML"),
        ("channel: mine\nname: x\ncurrency: usd\nlines: []\n", "currency"),
        ("channel: mine\nname: x\ncurrency: USD\nlines: [{}]\n", "missing"),
        ("a: &a [x]\nb: *a\n", "anchors"), ("chanel: mine\n", "nearest: channel"),
    ])
    func saysWhatIsWrongWithAFile(text: String, says: String) async throws {
        let output = try await add(text)
        #expect(output.exit == 1)
        #expect(output.text == "")
        #expect(output.errors.contains("mine.yml"), "\(output.errors)")
        #expect(output.errors.contains(says), "\(output.errors)")
    }

    /// Two sets of tables in one database: each answers by its own.
    @Test func twoCatalogsShareADatabase() async throws {
        expectAnswer(try await price())
        #expect(try await add(Self.channel("mine", output: "6.80")).exit == 0)
        expectAnswer(try await price())
        #expect(try await cost() == "6.80 USD")
        #expect(try await add(Self.channel("yours", output: "5.00"), name: "yours.yml").exit == 0)
        #expect(try await cost() == "6.80 USD")
        #expect(try await cost(channel: "yours") == "5.00 USD")
        guard try await sandbox.has("sqlite3") else { return }
        let count = try await sandbox.shell(
            "sqlite3 '\(sandbox.database.path())' 'SELECT count(*) FROM catalog'")
        #expect(count.text == "3\n")
    }

    // MARK: What reaches a spreadsheet, a page or a terminal

    @Test func defusesWhatComesFromAFile() async throws {
        let plan = """
            workloads:
              - name: "=cmd|' /C calc'!A0"
                model: acme-large
                volume: {output: 1M}
              - name: "<script>alert(1)</script> @everyone"
                model: acme-large
                volume: {output: 1M}
              - name: "\\e[31mred\\a"
                model: acme-large
                volume: {output: 1M}
            """
        try sandbox.write(plan, to: "plan.yml")
        let rates = Tokenmeter.repository.appending(path: "Tests/Fixtures/pricing-data").path()
        func run(_ format: String) async throws -> String {
            let output = try await sandbox.run(
                [
                    "forecast", "--plan", "plan.yml", "--at", "2026-11-22", "--format", format,
                    "--pricing-data", rates,
                ],
                in: sandbox.folder)
            #expect(output.exit == 0, "\(output.errors)")
            return output.text
        }
        let csv = try await run("csv")
        #expect(csv.contains("\n'=cmd|"))
        let markdown = try await run("markdown")
        #expect(!markdown.contains("<script>"))
        #expect(!markdown.contains(" @everyone"))
        #expect(markdown.contains("\\|"))
        for format in ["table", "csv", "markdown"] {
            let text = try await run(format)
            #expect(!text.unicodeScalars.contains("\u{1B}"), "\(format)")
            #expect(!text.unicodeScalars.contains("\u{07}"), "\(format)")
        }
    }

    /// Colour is for terminals: a pipe gets none, whatever it asks for.
    @Test func printsNoColourIntoAPipe() async throws {
        let output = try await sandbox.run(
            ["rates", "list"] + Tokenmeter.fixtureRates, environment: ["TERM": "xterm-256color"])
        #expect(!output.text.unicodeScalars.contains("\u{1B}"))
    }

    /// Whoever reads only the head of an answer closes the pipe; nobody needs to hear of it.
    @Test func endsQuietlyWhereThePipeIsClosed() async throws {
        let output = try await sandbox.shell(
            "tokenmeter rates list --format json | head -c 10; tokenmeter rates list | true")
        #expect(output.errors == "")
        #expect(output.text == "{\n  \"schem")
    }

    /// The same where whoever started it ignores the signal, as programs that speak HTTP do.
    @Test func endsQuietlyWhereTheSignalOfAClosedPipeIsIgnored() async throws {
        let output = try await sandbox.shell(
            "trap '' PIPE; { tokenmeter rates list --format json; echo $? >code; } | head -c 10; cat code"
        )
        #expect(output.errors == "")
        #expect(output.text == "{\n  \"schem141\n")
    }

    @Test func saysThatAModelIsMissingWhereStdinIsNoTerminal() async throws {
        let output = try await sandbox.run(["price", "--output-tokens", "5"])
        #expect(output.exit == 64)
        #expect(output.errors.contains("--model"))
    }

    /// Neither the first nor the last of two rates is meant more than the other.
    @Test(arguments: [
        [
            "price", "--model", "gpt-4.1", "--output-tokens", "5", "--currency", "CNY", "--fx",
            "USD/CNY=7", "--fx", "USD/CNY=8",
        ],
        [
            "price", "--model", "gpt-4.1", "--output-tokens", "5", "--currency", "CNY", "--fx",
            "USD/CNY=7", "--fx", "CNY/USD=0.1",
        ],
    ])
    func refusesTwoExchangeRatesForOnePair(arguments: [String]) async throws {
        let output = try await sandbox.run(arguments + ["--at", "2026-11-22"])
        #expect(output.exit == 64)
    }
}
