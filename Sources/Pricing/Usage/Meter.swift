/// One billable kind. Meters are disjoint: each token of a request lands in exactly one of them.
///
/// The raw value is the meter's place in `Usage`; `name` is its spelling in flags, JSON, tables and
/// rate files.
package enum Meter: UInt8, CaseIterable, Sendable {
    // Input tokens, by modality and by what the cache did with them.
    case input, cachedInput, cacheWrite5m, cacheWrite1h, cacheWrite12h
    case audioInput, cachedAudioInput, audioCacheWrite5m, audioCacheWrite1h
    case imageInput, cachedImageInput, imageCacheWrite5m, imageCacheWrite1h
    case videoInput, cachedVideoInput, videoCacheWrite5m, videoCacheWrite1h
    // Output tokens.
    case output, reasoning, audioOutput, imageOutput, videoOutput, citation
    // Counted things.
    case request, webSearch, fileSearch, mapsGrounding, codeExecution, query, credit, session
    case textMessage, page, annotatedPage, characterInput, characterOutput
    case inputImage, outputImage, inputPixel, outputPixel
    // Time, in milliseconds.
    case audioMilliseconds, audioInputMilliseconds, audioOutputMilliseconds
    case videoInputMilliseconds, videoOutputMilliseconds, capacityMilliseconds
    case databricksUnit, guardrailUnit
    /// A request of which nobody said how many tokens went in. No rate line has a price for it, so that
    /// whatever holds one is priced in part and no cost of it is whole.
    case unreportedInput

    package static let maximumCases = 64

    package enum Side: Sendable { case input, output, neither }
    package enum Modality: Sendable { case text, audio, image, video }

    package var name: String { Self.names[Int(rawValue)] }

    /// The meter of a name such as `cached_input`, or `nil`.
    package init?(name: String) {
        guard let meter = Self.byName[name] else { return nil }
        self = meter
    }

    /// Which total of the vendor the meter is a part of; `neither` for what is not counted in
    /// tokens.
    package var side: Side {
        switch rawValue {
        case Meter.input.rawValue...Meter.videoCacheWrite1h.rawValue: .input
        case Meter.output.rawValue...Meter.citation.rawValue: .output
        default: .neither
        }
    }

    package var modality: Modality {
        switch self {
        case .audioInput, .cachedAudioInput, .audioCacheWrite5m, .audioCacheWrite1h, .audioOutput,
            .audioMilliseconds, .audioInputMilliseconds, .audioOutputMilliseconds:
            .audio
        case .imageInput, .cachedImageInput, .imageCacheWrite5m, .imageCacheWrite1h, .imageOutput,
            .inputImage, .outputImage, .inputPixel, .outputPixel:
            .image
        case .videoInput, .cachedVideoInput, .videoCacheWrite5m, .videoCacheWrite1h, .videoOutput,
            .videoInputMilliseconds, .videoOutputMilliseconds:
            .video
        default: .text
        }
    }

    package var isToken: Bool { side != .neither }

    /// Whether the count is of tokens that a cache served or took.
    package var isCached: Bool { fallback != nil && side == .input }

    /// The meter one step up in the lattice, of the same modality: what a line that says `unlisted:
    /// inherit` prices this meter as. `nil` at the top: nothing stands in for it.
    package var fallback: Meter? {
        switch self {
        case .cachedInput, .cacheWrite5m, .cacheWrite1h, .cacheWrite12h: .input
        case .cachedAudioInput, .audioCacheWrite5m, .audioCacheWrite1h: .audioInput
        case .cachedImageInput, .imageCacheWrite5m, .imageCacheWrite1h: .imageInput
        case .cachedVideoInput, .videoCacheWrite5m, .videoCacheWrite1h: .videoInput
        case .reasoning: .output
        default: nil
        }
    }

    /// The meters that `unlisted: inherit` covers: reads of a cache and reasoning, never a cache
    /// write.
    package var isInheritable: Bool {
        switch self {
        case .cachedInput, .cachedAudioInput, .cachedImageInput, .cachedVideoInput, .reasoning: true
        default: false
        }
    }

    /// What one unit is called in a sentence: `token`, `request`, `millisecond`.
    package var unit: String {
        if isToken { return "token" }
        return name.hasSuffix("_milliseconds") ? "millisecond" : name.replacingUnderscores()
    }

    private static let names: [String] = allCases.map { snakeCase(String(describing: $0)) }
    private static let byName: [String: Meter] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.name, $0) })

    /// `cacheWrite5m` → `cache_write_5m`.
    private static func snakeCase(_ camel: String) -> String {
        var result = ""
        var previousIsDigit = false
        for character in camel {
            let startsNumber = character.isNumber && !previousIsDigit
            if character.isUppercase || startsNumber { result.append("_") }
            result.append(contentsOf: character.lowercased())
            previousIsDigit = character.isNumber
        }
        return result
    }
}

extension String {
    func replacingUnderscores() -> String { String(map { $0 == "_" ? " " : $0 }) }
}

/// A set of meters, one bit each.
package struct MeterSet: Hashable, Sendable, Sequence {
    package var bits: UInt64

    package init(bits: UInt64 = 0) { self.bits = bits }

    package var isEmpty: Bool { bits == 0 }
    package func contains(_ meter: Meter) -> Bool { bits & Self.bit(meter) != 0 }
    package mutating func insert(_ meter: Meter) { bits |= Self.bit(meter) }

    package func makeIterator() -> Iterator { Iterator(bits: bits) }

    static func bit(_ meter: Meter) -> UInt64 { 1 << UInt64(meter.rawValue) }

    package struct Iterator: IteratorProtocol {
        var bits: UInt64

        package mutating func next() -> Meter? {
            guard bits != 0 else { return nil }
            let place = UInt8(bits.trailingZeroBitCount)
            bits &= bits - 1
            return Meter(rawValue: place)
        }
    }
}
