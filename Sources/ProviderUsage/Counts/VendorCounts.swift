import JSONBytes
import Pricing

/// What a vendor's usage object says, as totals with parts inside them, before it is made disjoint.
struct VendorCounts: Hashable, Sendable {
    /// All input tokens; `nil` where the vendor is silent.
    var input: Int64?
    var cached: Int64 = 0
    var cacheWrite5m: Int64 = 0
    var cacheWrite1h: Int64 = 0
    var audioInput: Int64 = 0
    var cachedAudio: Int64 = 0
    var imageInput: Int64 = 0
    var cachedImage: Int64 = 0
    var videoInput: Int64 = 0
    var cachedVideo: Int64 = 0
    /// All output tokens; `nil` where the vendor is silent.
    var output: Int64?
    var reasoning: Int64 = 0
    var audioOutput: Int64 = 0
    var imageOutput: Int64 = 0
    var videoOutput: Int64 = 0
    /// Tokens of what the vendor read and cites, billed by themselves.
    var citations: Int64 = 0
    var calls = VendorCalls()
    /// The vendor's own sum.
    var total: Int64?
    var oddities = Oddities()

    /// What the parts of the input come to, where nothing tells of the rest.
    private var inputParts: Int64 {
        max(cached, cachedAudio + cachedImage + cachedVideo) + cacheWrite5m + cacheWrite1h
            + max(audioInput - cachedAudio, 0) + max(imageInput - cachedImage, 0)
            + max(videoInput - cachedVideo, 0)
    }

    var isSilent: Bool { input == nil && output == nil }
    var isZero: Bool { (input ?? 0) == 0 && (output ?? 0) == 0 }

    /// Disjoint counts. Parts that are more than their total, which vendors do report, are cut to
    /// what the total leaves: those of the cache first, since they are the cheaper ones and closest to
    /// what is billed, then the modalities.
    func usage(_ oddities: inout Oddities) -> Usage {
        oddities.formUnion(self.oddities)
        var parts = Parts(total: input ?? inputParts)
        // What a cache served of a modality is a part of what it served, and of the modality.
        let cachedOthers = cachedAudio + cachedImage + cachedVideo
        parts.take(cachedAudio, .cachedAudioInput, .cachedExceedsPrompt)
        parts.take(cachedImage, .cachedImageInput, .cachedExceedsPrompt)
        parts.take(cachedVideo, .cachedVideoInput, .cachedExceedsPrompt)
        parts.take(max(cached - cachedOthers, 0), .cachedInput, .cachedExceedsPrompt)
        parts.take(cacheWrite5m, .cacheWrite5m, .cachedExceedsPrompt)
        parts.take(cacheWrite1h, .cacheWrite1h, .cachedExceedsPrompt)
        parts.take(max(audioInput - cachedAudio, 0), .audioInput, .modalityExceedsTotal)
        parts.take(max(imageInput - cachedImage, 0), .imageInput, .modalityExceedsTotal)
        parts.take(max(videoInput - cachedVideo, 0), .videoInput, .modalityExceedsTotal)
        parts.takeRest(.input)
        parts.begin(total: output ?? 0)
        parts.take(reasoning, .reasoning, .reasoningExceedsOutput)
        parts.take(audioOutput, .audioOutput, .modalityExceedsTotal)
        parts.take(imageOutput, .imageOutput, .modalityExceedsTotal)
        parts.take(videoOutput, .videoOutput, .modalityExceedsTotal)
        parts.takeRest(.output)
        parts.add(citations, .citation)
        parts.add(calls.webSearches, .webSearch)
        parts.add(calls.fileSearches, .fileSearch)
        parts.add(calls.mapGroundings, .mapsGrounding)
        oddities.formUnion(parts.oddities)
        return parts.usage
    }

    private struct Parts {
        var usage = Usage()
        var rest: Int64
        var oddities = Oddities()

        init(total: Int64) { rest = total }

        mutating func begin(total: Int64) { rest = total }

        mutating func take(_ count: Int64, _ meter: Meter, _ oddity: Oddity) {
            if count > rest { oddities.insert(oddity) }
            let taken = min(count, rest)
            rest -= taken
            add(taken, meter)
        }

        mutating func takeRest(_ meter: Meter) {
            add(rest, meter)
            rest = 0
        }

        mutating func add(_ count: Int64, _ meter: Meter) {
            do {
                try usage.add(count, of: meter)
            } catch {
                // Counts are at most 10¹² each and not below zero; see `CountReader`.
                oddities.insert(.unusableCount)
            }
        }
    }
}

/// How often the vendor called tools of its own that it bills by the call.
struct VendorCalls: Hashable, Sendable {
    var webSearches: Int64 = 0
    var fileSearches: Int64 = 0
    var mapGroundings: Int64 = 0

    /// Of two tellings of one answer the larger: vendors repeat what they called.
    mutating func formUnion(_ other: VendorCalls) {
        webSearches = max(webSearches, other.webSearches)
        fileSearches = max(fileSearches, other.fileSearches)
        mapGroundings = max(mapGroundings, other.mapGroundings)
    }

    /// What is not counted here as `other` has it.
    func filled(from other: VendorCalls) -> VendorCalls {
        var calls = self
        if webSearches == 0 { calls.webSearches = other.webSearches }
        if fileSearches == 0 { calls.fileSearches = other.fileSearches }
        if mapGroundings == 0 { calls.mapGroundings = other.mapGroundings }
        return calls
    }
}

/// Reads the counts of a vendor's object: what is no count is told, and taken as not said.
struct CountReader {
    let object: JSONValue
    var oddities = Oddities()

    init(_ object: JSONValue) { self.object = object }

    /// The first of some keys that holds a count; `nil` where none does.
    mutating func count(_ keys: String...) -> Int64? {
        for key in keys { if let count = count(object[key]) { return count } }
        return nil
    }

    /// Of an object within.
    mutating func count(in inner: String, _ keys: String...) -> Int64? {
        guard let inner = object[inner] else { return nil }
        for key in keys { if let count = count(inner[key]) { return count } }
        return nil
    }

    mutating func count(_ value: JSONValue?) -> Int64? {
        guard let value, value != .null else { return nil }
        let whole: Int64
        switch value {
        case .integer(let number): whole = number
        case .decimal(let text):
            guard let attos = ComputedDecimal.parse(text), attos % DecimalText.one == 0,
                let number = Int64(exactly: attos / DecimalText.one)
            else {
                oddities.insert(.unusableCount)
                return nil
            }
            whole = number
        default:
            oddities.insert(.unusableCount)
            return nil
        }
        guard whole >= 0 else {
            oddities.insert(.negativeCount)
            return nil
        }
        guard whole <= Usage.maximumCount else {
            oddities.insert(.unusableCount)
            return nil
        }
        return whole
    }
}
