import Accounting
import JSONBytes
import Pricing

/// What `tokenmeter price` does with each line of its input, without reading and writing.
struct LineBenchmark {
    private var lines: PriceLines
    private var writer = JSONWriter()
    private let inputs: [[UInt8]]

    init(_ book: RateBook) throws {
        let context = PricingContext(
            book: book, now: Timestamp(milliseconds: 1_795_348_800_000), zone: "UTC")
        lines = try PriceLines(Parameters([:], spelling: .flags), context)
        inputs = (0..<1024).map { index in
            Array(
                #"{"model":"gpt-4.1","channel":"openai","usage":{"input":\#(800 + index),"cached_input":200,"output":500}}"#
                    .utf8)
        }
    }

    mutating func answer(_ index: Int) throws -> Int128 {
        inputs[index & 1023].withUnsafeBufferPointer { lines.answer($0, into: &writer) }
        let count = writer.bytes.count
        if count > 1 << 18 { writer.bytes.removeAll(keepingCapacity: true) }
        return Int128(count)
    }
}
