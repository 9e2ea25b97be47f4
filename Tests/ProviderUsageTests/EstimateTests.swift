import Pricing
import ProviderUsage
import Testing

/// Estimates held against the recorded streams that do report their output.
@Suite(.enabled(if: RecordedStream.folder != nil, "shared/streams is not beside the project"))
struct EstimateTests {
    /// Hidden thoughts are counted by the vendor and never sent: streams with any are left out, and
    /// so are answers of a few tokens, where markup decides.
    static func measured() throws -> [TokenEstimate.Family: [(estimate: Int64, actual: Int64)]] {
        var found: [TokenEstimate.Family: [(estimate: Int64, actual: Int64)]] = [:]
        for stream in RecordedStream.all {
            let reading = stream.read(try stream.bytes())
            let actual = reading.usage[.output]
            guard reading.known == .reported, reading.usage[.reasoning] == 0, actual >= 20,
                reading.usage[.imageOutput] == 0, !reading.text.isEmpty
            else { continue }
            let estimate = TokenEstimate(reading.text, model: reading.model)
            found[TokenEstimate.Family(model: reading.model), default: []].append(
                (estimate.tokens, actual))
        }
        return found
    }

    @Test func errsByNoMoreThanItSays() throws {
        let measured = try Self.measured()
        #expect(measured.count == TokenEstimate.Family.allCases.count)
        for (family, pairs) in measured {
            let errors = pairs.map { abs($0.estimate - $0.actual) * 100 / $0.actual }.sorted()
            let stated = Int64(
                TokenEstimate(TextTally(), model: "\(family.rawValue)-1").errorPercent)
            let median = errors[errors.count / 2]
            #expect(median <= stated, "\(family): \(median)% over \(errors.count) streams")
            // Neither is it flattered: what is said is what was measured, rounded up to fives.
            #expect(stated - median < 15, "\(family): \(median)%")
        }
    }
}
