import ConfigFiles
import Pricing
import Testing

struct CSVReaderTests {
    private func records(_ text: String) throws -> [CSVReader.Record] {
        var reader = CSVReader(text, file: "a.csv")
        var records: [CSVReader.Record] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let fields: [[String]]
        var lines: [Int]?
        var testDescription: String { text.debugDescription }
    }

    @Test(arguments: [
        Case(text: "", fields: []),
        Case(text: "\n\r\n\n", fields: []),
        Case(text: "a", fields: [["a"]]),
        Case(text: "a,b\n", fields: [["a", "b"]]),
        Case(text: "a,b\r\nc,d\r\n", fields: [["a", "b"], ["c", "d"]], lines: [1, 2]),
        Case(text: "\u{FEFF}a,b\n", fields: [["a", "b"]]),
        Case(text: ",\n,,", fields: [["", ""], ["", "", ""]]),
        Case(text: "\"\",\"\"\n", fields: [["", ""]]),
        Case(text: "\"a,b\",c\n", fields: [["a,b", "c"]]),
        Case(text: "\"a\"\"b\"\n", fields: [["a\"b"]]),
        Case(text: "\"\"\"\"\n", fields: [["\""]]),
        Case(
            text: "\"a\r\nb\",c\n\nd,e", fields: [["a\r\nb", "c"], ["d", "e"]], lines: [1, 4]),
        Case(text: " a , b \n", fields: [[" a ", " b "]]),
        Case(text: "模型,¥\n", fields: [["模型", "¥"]]),
        // A carriage return that ends no line is text.
        Case(text: "a\rb,c\n", fields: [["a\rb", "c"]]),
    ])
    func readsRecords(given: Case) throws {
        let found = try records(given.text)
        #expect(found.map(\.fields) == given.fields)
        if let lines = given.lines { #expect(found.map(\.line) == lines) }
    }

    @Test(arguments: [
        ("a,b\n\"c,d\ne\n", "a.csv:2: a quote is opened and not closed"),
        ("a\nb\"c\n", "a.csv:2: a quote within a field; a field with quotes stands in quotes"),
        (
            "a\n\"b\"c\n",
            "a.csv:2: text behind a closing quote; quotes inside a field are doubled"
        ),
    ])
    func refusesLooseQuotes(text: String, problem: String) {
        #expect { try records(text) } throws: { "\($0)" == problem }
    }
}

struct InvoiceFileTests {
    @Test func readsDaysModelsAndCurrencies() throws {
        let invoice = try InvoiceFile.read(
            """
            Amount, Date ,Currency,tokens,MODEL
            12.34,2026-10-02,CNY,5,gpt-4.1
             -0.5 ,2026-10-01,,6,
            """, file: "i.csv")
        #expect(invoice.isByModel)
        #expect(invoice.otherColumns == ["tokens"])
        let one = DecimalText.one
        #expect(
            invoice.lines == [
                Invoice.Line(
                    day: try #require(CivilDate(year: 2026, month: 10, day: 2)), model: "gpt-4.1",
                    attos: 1234 * (one / 100), currency: .cny),
                Invoice.Line(
                    day: try #require(CivilDate(year: 2026, month: 10, day: 1)), model: nil,
                    attos: -one / 2, currency: nil),
            ])
        #expect(invoice.days?.lowerBound.text == "2026-10-01")
        #expect(invoice.days?.upperBound.text == "2026-10-02")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        let problems: [String]
        var testDescription: String { text.debugDescription }
    }

    @Test(arguments: [
        Refusal(text: "", problems: ["i.csv: the file is empty"]),
        Refusal(text: "date,amount\n", problems: ["i.csv: no lines"]),
        Refusal(
            text: "date,amount,date\n",
            problems: ["i.csv:1: date: the column is there twice"]),
        Refusal(
            text: "day,amount\n",
            problems: [
                "i.csv:1: no column \"date\"; the header names date, amount, and model and currency where there are several"
            ]),
        Refusal(
            text: "date,amount,currency\n2026-02-29,1,USD\n2026-10-01,1.2.3,usd\n2026-10-01,1\n",
            problems: [
                "i.csv:2: date: \"2026-02-29\" is not a day such as 2026-10-01",
                "i.csv:3: amount: \"1.2.3\" is not a plain decimal such as 12.34, of at most 10¹² units",
                "i.csv:3: currency: \"usd\" is not a currency; write three capital letters such as USD",
                "i.csv:4: 2 fields under a header of 3",
            ]),
        Refusal(
            text: "date,amount\n2026-10-01,1000000000000\n2026-10-01,1000000000000.01\n",
            problems: [
                "i.csv:3: amount: \"1000000000000.01\" is not a plain decimal such as 12.34, of at most 10¹² units"
            ]),
        // A thousands separator makes two fields of one amount.
        Refusal(
            text: "date,amount\n2026-10-01,1,234.50\n",
            problems: ["i.csv:2: 3 fields under a header of 2"]),
        Refusal(
            text: "date,amount\n2026-10-01,\"1\n",
            problems: ["i.csv:2: a quote is opened and not closed"]),
    ])
    func refusesEachLineWithItsPlace(given: Refusal) {
        #expect {
            try InvoiceFile.read(given.text, file: "i.csv")
        } throws: { error in
            (error as? Faults)?.list.map(\.description) == given.problems
        }
    }
}
