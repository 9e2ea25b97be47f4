import Foundation
import JSONBytes
import Pricing
import ProviderUsage
import Testing

/// Every recorded stream of `../shared/streams`: the counts that its manifest expects, whole, byte by
/// byte and in random pieces; and cut at every byte.
@Suite(.enabled(if: RecordedStream.folder != nil, "shared/streams is not beside the project"))
struct RecordedStreamTests {
    @Test(arguments: RecordedStream.all) func countsWhatTheVendorSaid(stream: RecordedStream) throws
    {
        let reading = stream.read(try stream.bytes())
        for difference in stream.differences(reading) { Issue.record("\(difference)") }
    }

    @Test(arguments: RecordedStream.all) func isTheSameInAnyPieces(stream: RecordedStream) throws {
        let bytes = try stream.bytes()
        let whole = stream.read(bytes)
        var reader = UsageReader()
        for byte in bytes { reader.read(CollectionOfOne(byte)) }
        #expect(reader.finish() == whole, "byte by byte")
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<8 {
            var reader = UsageReader()
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(rest.count, 1 << (2 * round)), using: &generator)
                reader.read(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(reader.finish() == whole, "seed \(seed), round \(round)")
        }
    }

    /// Before the final usage a cut stream is never `reported`; behind it it always is, with the sign
    /// of the end missing until that came. Text only grows, and so does an estimate made of it.
    @Test(arguments: RecordedStream.all) func tellsACutFromAnEnd(stream: RecordedStream) throws {
        let bytes = try stream.bytes()
        var reader = UsageReader()
        var last = UsageReading()
        var wasFinal = false
        // Inside a line one place is like the next: a long stream is cut at each of its lines' first
        // bytes, and then at every 13th.
        let step = bytes.count > 8192 ? 13 : 1
        var place = 0
        for byte in bytes {
            reader.read(CollectionOfOne(byte))
            place = byte == UInt8(ascii: "\n") ? 0 : place + 1
            if place > 16, place % step != 0 { continue }
            var cut = reader
            let reading = cut.finish(isCut: true)
            if reader.hasFinalUsage {
                #expect(reading.known == .reported)
                #expect(reading.isComplete || reading.oddities.contains(.missingDone))
            } else if reading.known == .reported {
                // The rest held the whole event: only its blank line was missing.
                #expect(reading.oddities.contains(.unterminatedEvent))
            }
            #expect(!wasFinal || reader.hasFinalUsage, "final usage stays final")
            wasFinal = reader.hasFinalUsage
            if reading.known == last.known, reading.known == .estimated {
                #expect(reading.usage.totalOutput >= last.usage.totalOutput)
                #expect(reading.usage.totalInput >= last.usage.totalInput)
            }
            last = reading
        }
    }
}

struct RecordedStream: Sendable, CustomTestStringConvertible {
    static let folder: URL? = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "shared/streams")
        let isThere = FileManager.default.fileExists(
            atPath: folder.appending(path: "manifest.json").path())
        return isThere ? folder : nil
    }()

    static let all: [RecordedStream] = {
        guard let folder,
            let data = try? Data(contentsOf: folder.appending(path: "manifest.json")),
            let manifest = try? JSONReader.value(of: Array(data), numbers: .decimal)
        else { return [] }
        return (manifest.elements ?? []).map(RecordedStream.init(entry:))
    }()

    let entry: JSONValue

    var name: String { entry["file"]?.textValue ?? "" }
    var testDescription: String { name }

    /// Of DashScope there is an excerpt alone, without the reason of the finish.
    private var isRecordedWhole: Bool { !name.hasPrefix("qwen-dashscope-native") }

    func bytes() throws -> [UInt8] {
        let folder = try #require(Self.folder)
        return Array(try Data(contentsOf: folder.appending(path: name)))
    }

    func read(_ bytes: [UInt8]) -> UsageReading {
        var reader = UsageReader()
        reader.read(bytes)
        return reader.finish()
    }

    func differences(_ reading: UsageReading) -> [String] {
        guard let expected = entry["expected"], expected != .null else {
            return reading.known == .reported ? ["reported, and nothing was"] : []
        }
        let usage = reading.usage
        var differences: [String] = []
        // Two answers report nothing, and one record ends before its end.
        let isReported = [expected["input_tokens"], expected["output_tokens"]].contains {
            $0 != nil && $0 != .null
        }
        let wanted = isReported ? isRecordedWhole ? Known.reported : .partial : reading.known
        if reading.known != wanted || !isReported && reading.known == .reported {
            differences.append("\(reading.known): \(reading.oddities.list)")
        }
        func sum(_ meters: Meter...) -> Int64 { meters.reduce(0) { $0 + usage[$1] } }
        let cached = sum(.cachedInput, .cachedAudioInput, .cachedImageInput, .cachedVideoInput)
        let written = sum(.cacheWrite5m, .cacheWrite1h)
        let ours: [(String, Int64)] = [
            ("input_tokens", usage.totalInput), ("output_tokens", usage.totalOutput),
            ("total_tokens", usage.totalInput + usage.totalOutput),
            ("uncached_input_tokens", usage.totalInput - cached - written),
            ("cached_input_tokens", cached), ("cache_write_tokens", written),
            ("cache_write_5m_tokens", usage[.cacheWrite5m]),
            ("cache_write_1h_tokens", usage[.cacheWrite1h]),
            ("reasoning_tokens", usage[.reasoning]),
            ("input_audio_tokens", sum(.audioInput, .cachedAudioInput)),
            ("input_image_tokens", sum(.imageInput, .cachedImageInput)),
            ("output_audio_tokens", usage[.audioOutput]),
            ("output_image_tokens", usage[.imageOutput]),
            ("web_search_requests", usage[.webSearch]),
        ]
        for (field, count) in ours {
            guard case .integer(let wanted)? = expected[field], wanted != count,
                !accepts(field, count, usage)
            else { continue }
            differences.append("\(field): \(count), and the vendor said \(wanted)")
        }
        return differences
    }

    /// Fields of which two readings can be defended, and what follows from them.
    private func accepts(_ field: String, _ count: Int64, _ usage: Usage) -> Bool {
        for ambiguity in entry["ambiguous"]?.elements ?? [] {
            let name = ambiguity["field"]?.textValue ?? ""
            let accepted = ambiguity["accept"]?.elements ?? []
            if name == field, accepted.contains(.integer(count)) { return true }
            let isPair = name == "input_tokens/output_tokens"
            if isPair,
                accepted.contains(
                    .array([.integer(usage.totalInput), .integer(usage.totalOutput)]))
            {
                return true
            }
            // What is the rest of an ambiguous count is as ambiguous.
            let isRest = ["uncached_input_tokens", "total_tokens", "reasoning_tokens"].contains(
                field)
            let isOutput = name == "output_tokens" && accepted.contains(.integer(usage.totalOutput))
            let isCached = name == "cached_input_tokens" || name.hasPrefix("cache_write")
            if isRest, isOutput || isCached { return true }
        }
        return false
    }
}

/// SplitMix64: the same pieces for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
