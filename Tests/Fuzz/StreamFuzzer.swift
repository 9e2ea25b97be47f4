import JSONBytes
import Pricing
import ProviderUsage

/// What libFuzzer calls with each input: the first byte says where the body is split, the rest is the
/// body. A trap is a finding, and so is each of these not holding:
///
/// - a body in two pieces, and byte by byte, reads as it does whole;
/// - what is known of a body that is cut is never more than what is known of the whole one;
/// - no count is below zero or beyond what one request may have.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard let start, count > 1 else { return 0 }
    let body = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
    let split = Int(start[0]) * body.count / 255

    let whole = read([body])
    let pieces = [
        UnsafeRawBufferPointer(rebasing: body[..<split]),
        UnsafeRawBufferPointer(rebasing: body[split...]),
    ]
    precondition(read(pieces) == whole, "in two pieces, at \(split)")
    if body.count < 512 {
        let bytes = body.indices.map { UnsafeRawBufferPointer(rebasing: body[$0...$0]) }
        precondition(read(bytes) == whole, "byte by byte")
    }

    var reader = UsageReader()
    reader.read(pieces[0])
    let cut = reader.reading
    precondition(!reader.hasFinalUsage || cut.known == .reported, "final usage is reported")
    for reading in [whole, cut] {
        for meter in reading.usage.meters {
            let count = reading.usage[meter]
            // A total of input has the counts of several fields in it.
            precondition(count > 0 && count <= 8 * Usage.maximumCount, "\(meter): \(count)")
        }
        precondition(reading.known != .unknown || reading.usage.totalOutput == 0)
    }

    var answer = AnswerReader()
    var text = 0
    for piece in pieces {
        answer.read(piece) { if case .text(let part) = $0 { text += part.utf8.count } }
    }
    answer.finish { _ in }
    precondition(text <= 4 * body.count, "an answer longer than its body")

    var json = JSONReader(body.bindMemory(to: UInt8.self))
    if let value = try? json.value(numbers: .decimal) {
        _ = try? UsageReading(vendorUsage: value)
        for api in StreamAPI.allCases { _ = try? UsageReading(vendorUsage: value, api: api) }
    }
    return 0
}

private func read(_ pieces: [UnsafeRawBufferPointer]) -> UsageReading {
    var reader = UsageReader()
    for piece in pieces { reader.read(piece) }
    return reader.finish()
}
