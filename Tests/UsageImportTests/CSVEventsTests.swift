import Accounting
import Pricing
import Testing
import UsageImport

/// Tables: those that `ledger export` writes come back whole, others by a map of their columns.
struct CSVEventsTests {
    private func read(_ text: String, _ map: String...) throws -> Reading {
        try Reading(text, with: try CSVEvents(ImportOptions(map: map)))
    }

    private let map =
        "time=Date,model=Model,prompt_tokens=Prompt Tokens,cached_input=Cached,output=Out,channel:=openai"

    @Test func takesColumnsAsTheyAreMapped() throws {
        let reading = try read(
            """
            \u{FEFF}Date,Model,Prompt Tokens,Cached,Out,Note\r
            2026-10-01T10:00:00+08:00,gpt-4.1,1000,400,50,"not, read"\r
            2026-10-01 10:00:00,"gpt-4.1",7,,1.0,\r

            """, map)
        #expect(reading.problems == [])
        #expect(
            reading.events.map(\.start.text) == ["2026-10-01T02:00:00Z", "2026-10-01T10:00:00Z"])
        let first = try #require(reading.events.first)
        #expect(first.usage == (try Usage([.input: 600, .cachedInput: 400, .output: 50])))
        #expect(first.channel == "openai")
        #expect(first.source == "csv")
        #expect(reading.events[1].usage == (try Usage([.input: 7, .output: 1])))
    }

    @Test func takesTagsAttributesTotalsAndCosts() throws {
        let reading = try read(
            """
            t,m,in,out,think,team,$
            1790848800,o3,10,50,20,search,1.25e-05
            1790848800123,o3,10,50,20,,0.00022500000000000002
            """,
            "start=t,model=m,input=in,completion_tokens=out,reasoning=think,tag.team=team",
            "vendor_cost=$,vendor_cost_currency:=USD,when.speed:=fast")
        #expect(reading.problems == [])
        let (one, two) = (reading.events[0], reading.events[1])
        #expect(one.start.text == "2026-10-01T10:00:00Z")
        #expect(two.start.text == "2026-10-01T10:00:00.123Z")
        #expect(one.usage == (try Usage([.input: 10, .output: 30, .reasoning: 20])))
        #expect(one.tags == ["team": "search"])
        #expect(two.tags == [:])
        #expect(one.attributes == ["speed": "fast"])
        #expect(one.vendorCost == (try Money("0.0000125", .usd)))
        // Below 10⁻¹⁸ there is the noise of a float alone.
        #expect(two.vendorCost == (try Money("0.000225", .usd)))
    }

    /// Equal rows are as many requests, and the same ones when the file is read again.
    @Test func countsEqualRowsOfAFileEach() throws {
        let table = "start,model,input\n" + String(repeating: "2026-10-01,o3,5\n", count: 3)
        let once = try read(table).events.map(\.id)
        #expect(Set(once).count == 3)
        #expect(try Reading([table, table], with: try CSVEvents()).events.map(\.id) == once + once)
    }

    @Test func knowsLongRowsToo() throws {
        let long = String(repeating: "x", count: 900)
        let reading = try read("start,model,input,project,user\n2026-10-01,o3,5,\(long),\(long)\n")
        #expect(reading.problems == [])
        #expect(reading.events.count == 1)
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let row: String
        let says: String
        var testDescription: String { row }
    }

    @Test(arguments: [
        Bad(row: "2026-10-01,o3", says: "2 fields under a header of 4"),
        Bad(
            row: "yesterday,o3,5,",
            says:
                "start: \"yesterday\" is no time such as 2026-10-01T16:30:00Z or 2026-10-01 16:30:00"
        ),
        Bad(
            row: "2026-10-01,o3,\"1,000\",",
            says: "input: \"1,000\" is not a whole number from 0 to 10¹²"),
        Bad(row: "2026-10-01,o3,-1,", says: "input: \"-1\" is not a whole number from 0 to 10¹²"),
        Bad(row: "2026-10-01,o3,1.5,", says: "input: \"1.5\" is not a whole number from 0 to 10¹²"),
        Bad(row: "2026-10-01,,5,", says: "missing model"),
        Bad(row: "2026-10-01,o3,,", says: "it tells no count"),
        Bad(row: "2026-10-01,o3,5,{", says: "tags: \"{\" is no object of JSON"),
        Bad(row: "2026-10-01,o3,\"5\"x,", says: "more behind the closing quote of field 3"),
    ])
    func tellsABadRowAndGoesOn(bad: Bad) throws {
        let reading = try read("start,model,input,tags\n\(bad.row)\n2026-10-01,o3,5,\n")
        #expect(reading.problems == [bad.says])
        #expect(reading.events.count == 1)
    }

    @Test func refusesPartsAboveTheirTotal() throws {
        let reading = try read(
            "start,model,prompt_tokens,cached_input\n2026-10-01,o3,100,400\n")
        #expect(reading.problems == ["prompt_tokens: its parts (400) are more than it (100)"])
    }

    struct BadTable: Sendable, CustomTestStringConvertible {
        let header: String
        let map: [String]
        let says: String
        var testDescription: String { says }
    }

    @Test(arguments: [
        BadTable(
            header: "Date,model,input", map: [],
            says:
                "unknown column \"Date\"; nearest: page, tags, time; say what its columns are with --map FIELD=COLUMN,…"
        ),
        BadTable(
            header: "start,model,inputs", map: [],
            says:
                "unknown column \"inputs\"; nearest: input, output, id; say what its columns are with --map FIELD=COLUMN,…"
        ),
        BadTable(
            header: "start,model", map: [],
            says:
                "of its columns nothing is a count, such as input or output; say what its columns are with --map FIELD=COLUMN,…"
        ),
        BadTable(
            header: "Day,Model,In", map: ["time=Date,model=Model,input=In"],
            says: "its first line has no column \"Date\"; nearest: \"Day\", \"In\", \"Model\""),
        BadTable(
            header: "T,T,In", map: ["time=T,model:=o3,input=In"],
            says: "2 of its columns are called \"T\""),
    ])
    func refusesATableThatCannotBeMeant(bad: BadTable) throws {
        #expect {
            _ = try Reading("\(bad.header)\n", with: try CSVEvents(ImportOptions(map: bad.map)))
        } throws: { ($0 as? UnusableFile)?.description == bad.says }
    }

    @Test(arguments: [
        ("tme=Date", "no field \"tme\"; nearest: time, id, page"),
        ("time", "\"time\" is neither FIELD=COLUMN nor FIELD:=TEXT"),
        ("=Date", "\"=Date\" is neither FIELD=COLUMN nor FIELD:=TEXT"),
        ("time=", "\"time=\" names no column and no text"),
        ("time=a,time=b", "\"time\" is given twice"),
        ("time=a,start=b,model=m,input=i", "start and time are the same"),
        ("model=m,input=i", "nothing is start"),
        ("time=a,input=i", "nothing is model"),
        ("time=a,model=m", "nothing is a count, such as input or output"),
        (
            "time=a,model=m,input=i,prompt_tokens=p",
            "prompt_tokens is the whole of which input is a part; leave one out"
        ),
        (
            "time=a,model=m,input=i,vendor_cost=c",
            "vendor_cost wants vendor_cost_currency beside it"
        ),
        ("\"time=a", "a quoted field that does not end"),
    ])
    func refusesAMapThatMeansNothing(map: String, says: String) {
        #expect {
            _ = try CSVEvents(ImportOptions(map: [map]))
        } throws: { ($0 as? QuestionError)?.description == "--map: \(says)" }
    }

    /// All that an event can hold, and what a spreadsheet would run.
    @Test func readsWhatExportWrites() throws {
        let event = UsageEvent(
            id: EventID(high: 0x019A_B0C1_7D3E_7A41, low: 0x9C55_3F1B_2A6D_8E90), vendorID: "=1+1",
            start: Timestamp(milliseconds: 1_790_848_800_123), durationMilliseconds: 5,
            firstTokenMilliseconds: 0, channel: "openai", modelAsked: "@gpt", modelAnswered: "'x",
            serviceTier: "flex", serviceTierAsked: "priority", attributes: ["speed": "a,\"b\"\r\n"],
            usage: try Usage([.input: 1, .audioInput: 2, .request: 3, .cacheWrite12h: 4]),
            known: .estimated, method: "-by hand", source: "relay", project: "'=x\ty",
            user: "é 日本 🙂", tags: ["a": "", "=b": "{}"], vendorCost: try Money("-0.000001", .usd))
        let empty = UsageEvent(
            id: EventID(high: 1, low: 2), start: Timestamp(milliseconds: 0), modelAsked: "m",
            usage: Usage(), known: .unknown, source: "api")
        let rows = [event, empty].map {
            LedgerEntry(event: $0, channel: $0.channel, model: $0.modelAsked, line: nil).csv
        }
        let table = String(decoding: EventTable.header + rows.joined(), as: UTF8.self)
        let reading = try read(table)
        #expect(reading.problems == [])
        #expect(reading.events == [event, empty])
        // No cell begins with what a spreadsheet runs.
        let cells = table.split { $0 == "," || $0 == "\r\n" }.map { $0.drop { $0 == "\"" } }
        #expect(!cells.contains { cell in cell.first.map { "=+@\t".contains($0) } ?? false })
    }

    /// A clock without a zone is that of the zone asked for; what it shows twice is the first time.
    @Test(arguments: [
        ("2026-10-01 10:00:00", "2026-10-01T02:00:00Z"),
        ("2026-10-01", "2026-09-30T16:00:00Z"),
        ("2026-10-01T10:00:00Z", "2026-10-01T10:00:00Z"),
    ])
    func readsClocksInTheZone(text: String, says: String) throws {
        let options = ImportOptions(zone: "Asia/Shanghai", zones: EightHoursEast())
        let reading = try Reading(
            "start,model,input\n\(text),o3,5\n", with: try CSVEvents(options))
        #expect(reading.events.map(\.start.text) == [says])
    }

    private struct EightHoursEast: TimeZoneRules {
        func offsetSeconds(of zone: String, at time: Timestamp) -> Int { 8 * 3600 }
    }
}
