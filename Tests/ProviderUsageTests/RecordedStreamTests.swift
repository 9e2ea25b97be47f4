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

    /// Cut at every byte. Before the vendor's final usage a stream is never `reported`, unless with the
    /// very counts that the manifest expects, which some vendors tell twice; behind the last event that
    /// holds usage it always is, with the sign of the end missing until that came. Text only grows, and
    /// so does an estimate made of it.
    @Test(arguments: RecordedStream.all) func tellsACutFromAnEnd(stream: RecordedStream) throws {
        let bytes = try stream.bytes()
        let finalUsage = stream.endOfFinalUsage(bytes)
        var reader = UsageReader()
        var last = UsageReading()
        var reported: Set<Usage> = []
        for (offset, byte) in bytes.enumerated() {
            reader.read(CollectionOfOne(byte))
            var cut = reader
            let reading = cut.finish(isCut: true)
            if let finalUsage, offset >= finalUsage {
                try #require(reading.known == .reported, "cut behind byte \(offset)")
            }
            if reading.known == .reported {
                try #require(
                    reading.isComplete || reading.oddities.contains(.missingDone),
                    "cut behind byte \(offset)")
                if reported.insert(reading.usage).inserted {
                    let differences = stream.differences(reading)
                    try #require(
                        differences.isEmpty || reported.count <= stream.whollyReportedBeginnings,
                        "cut behind byte \(offset): \(differences)")
                }
            }
            if reading.known == last.known, reading.known == .estimated {
                try #require(reading.usage.totalOutput >= last.usage.totalOutput)
                try #require(reading.usage.totalInput >= last.usage.totalInput)
            }
            last = reading
        }
        let wantsUsage = stream.isReported && stream.isRecordedWhole
        #expect(!wantsUsage || finalUsage != nil, "no event with usage was found")
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
    fileprivate var isRecordedWhole: Bool { !name.hasPrefix("qwen-dashscope-native") }

    func bytes() throws -> [UInt8] {
        let folder = try #require(Self.folder)
        return Array(try Data(contentsOf: folder.appending(path: name)))
    }

    /// How many of its beginnings are whole streams by themselves, finish and usage included: nothing
    /// in their bytes tells that more followed. The last of the three stamps each of its pieces with
    /// a finish, and the first piece is alone with it.
    var whollyReportedBeginnings: Int {
        let names = [
            "cerebras-openai-chat-ai-cererebras-structured-output-tools-1.sse",
            "google-gemini-rig-stream-terminal-matrix-two-terminal-stream-with-visible-thoughts.sse",
            "google-gemini-generative-ai-js-streaming-success-search-grounding.sse",
        ]
        return names.contains(name) ? 1 : 0
    }

    /// Whether the manifest tells a count of it.
    var isReported: Bool {
        let expected = entry["expected"]
        return [expected?["input_tokens"], expected?["output_tokens"]].contains {
            $0 != nil && $0 != .null
        }
    }

    /// The first place at which a cut leaves the vendor's last usage whole, found by its name in the
    /// bytes and not by the reader: the end of its line, or of the last value of an array.
    func endOfFinalUsage(_ bytes: [UInt8]) -> Int? {
        guard isReported, isRecordedWhole else { return nil }
        if bytes.first == UInt8(ascii: "[") { return bytes.lastIndex(of: UInt8(ascii: "}")) }
        let names = ["\"usage\"", "\"usageMetadata\"", "\"meta\"", "\"eval_count\""]
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let holder = lines.last { line in
            names.contains { name in
                guard let found = line.firstRange(of: Array(name.utf8)) else { return false }
                let value = line[found.upperBound...].drop { $0 == UInt8(ascii: " ") }.dropFirst()
                    .drop { $0 == UInt8(ascii: " ") }
                return value.first != UInt8(ascii: "n")
            }
        }
        return holder.map { min($0.endIndex, bytes.count - 1) }
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
            let isRest = ["uncached_input_tokens", "total_tokens"].contains(field)
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
