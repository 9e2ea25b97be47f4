import Accounting
import Pricing
import ProcessFigures
import RateCatalog

/// Measures the pricing engine on one core, in this process, and prints a row a figure, tabs
/// between: its name, the calls in a second (median, least, most), those in a second of processor
/// time (median), the allocations a call.
///
/// `EngineBenchmark [RUNS [PART OF A NAME]]`
@main
struct EngineBenchmark {
    static func main() throws {
        let before = heap_bytes_in_use()
        let book = RateBook(try CatalogReader.read(RateFile.embedded), zones: UTCOnly())
        let kilobytes = (heap_bytes_in_use() - before) / 1000
        let requests = try Requests(book)
        let arguments = CommandLine.arguments.dropFirst()
        let runs = max(9, arguments.first.flatMap { Int($0) } ?? 11)
        let wanted = arguments.dropFirst().first ?? ""
        func print(_ name: String, _ body: (Int) throws -> Int128) throws {
            guard wanted.isEmpty || name.contains(wanted) else { return }
            Swift.print(try Measurement.of(name, runs: runs, body).row)
        }
        try requests.requireRightAnswer()

        try print("resolve + cost, gpt-4.1 on openai") { try requests.fixed($0) }
        try print("resolve + cost, four models in turn") { try requests.mixed($0) }
        try print("resolve + cost, four models, time varies") { try requests.dated($0) }
        try print("resolve + cost, by a dated alias") { try requests.aliased($0) }
        try print("resolve + cost, settled in another currency") { try requests.settled($0) }
        try print("resolve + cost, dearer by the hour") { try requests.windowed($0) }
        try print("cost alone, the line at hand") { try requests.charged($0) }
        try print("usage alone, three counts") { try requests.counted($0) }

        let names = Names(book)
        try print("a name that was asked before") { try names.warm($0) }
        try print("a name that is new") { try names.uncached($0) }
        if wanted.isEmpty || "the rate book in memory".contains(wanted) {
            Swift.print("the rate book in memory\t\(kilobytes)")
        }
        let formats = TableFormats()
        try print("the imported tables, read as JSON") { formats.json($0) }
        try print("the imported tables, read as YAML") { formats.yaml($0) }

        var lines = try LineBenchmark(book)
        try print("one line of NDJSON in memory") { try lines.answer($0) }
    }
}
