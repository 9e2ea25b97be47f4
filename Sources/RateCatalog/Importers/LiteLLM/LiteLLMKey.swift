import Pricing

/// A price key of LiteLLM taken apart: `cache_creation_input_token_cost_above_1hr_above_200k_tokens_flex` is what
/// a one-hour cache write costs in the tier flex above 200,000 input tokens.
struct LiteLLMKey: Hashable {
    let meter: Meter
    /// The figure is for one unit; as a quote it is for `units`, its figure times ten to this.
    let timesTen: Int
    let units: Int64
    var tier = RateConditions.standardTier
    var band: Int64?
    var when: [String: String] = [:]

    /// `nil` for a key that no meter stands for.
    init?(_ key: String, mode: String?) {
        var stem = Substring(key)
        var tier = RateConditions.standardTier
        for (suffix, name) in Self.tiers where stem.hasSuffix(suffix) {
            stem = stem.dropLast(suffix.count)
            tier = name
        }
        let band = Self.takeBand(&stem)
        var ttl = ""
        for suffix in ["_above_12hr", "_above_1hr"] where stem.hasSuffix(suffix) {
            stem = stem.dropLast(suffix.count)
            ttl = suffix
        }
        var when: [String: String] = [:]
        // `output_cost_per_image_token` is a price of its own, and no size called token.
        for (prefix, attribute) in Self.variants
        where stem.hasPrefix(prefix + "_") && Self.units[String(stem)] == nil {
            when[attribute] = String(stem.dropFirst(prefix.count + 1))
            stem = Substring(prefix)
        }
        guard let unit = Self.units[String(stem) + ttl] ?? Self.unit(of: stem, mode: mode) else {
            return nil
        }
        meter = unit.meter
        timesTen = unit.timesTen
        units = unit.units
        self.tier = tier
        self.band = band
        self.when = when
    }

    private struct Unit {
        let meter: Meter
        let timesTen: Int
        let units: Int64
    }

    private static let tiers: [(suffix: String, tier: String)] = [
        ("_batches", "batch"), ("_priority", "priority"), ("_flex", "flex"),
        ("_balanced", "balanced"), ("_ultrafast", "ultrafast"), ("_decisions", "decisions"),
    ]

    /// Prices by what is made: `output_cost_per_second_1080p`, `output_cost_per_image_2K`.
    private static let variants: [(prefix: String, attribute: String)] = [
        ("output_cost_per_second", "resolution"), ("output_cost_per_image", "image_size"),
    ]

    /// `_above_200k_tokens` at the end.
    private static func takeBand(_ stem: inout Substring) -> Int64? {
        let (head, tail) = ("_above_", "k_tokens")
        guard stem.hasSuffix(tail) else { return nil }
        let rest = stem.dropLast(tail.count)
        let digits = rest.reversed().prefix { $0.isNumber }
        let before = rest.dropLast(digits.count)
        guard before.hasSuffix(head), let thousands = Int64(String(digits.reversed())) else {
            return nil
        }
        stem = before.dropLast(head.count)
        return thousands * 1000
    }

    /// Prices for a token and for a thing, by stem and cache time.
    private static let units: [String: Unit] = {
        var units: [String: Unit] = [:]
        for (stem, meter) in tokens {
            units[stem] = Unit(meter: meter, timesTen: 6, units: 1_000_000)
        }
        for (stem, meter) in things { units[stem] = Unit(meter: meter, timesTen: 0, units: 1) }
        for (stem, meter) in seconds { units[stem] = Unit(meter: meter, timesTen: 0, units: 1_000) }
        return units
    }()

    private static let tokens: KeyValuePairs<String, Meter> = [
        "input_cost_per_token": .input, "output_cost_per_token": .output,
        "cache_read_input_token_cost": .cachedInput,
        "input_cost_per_token_cache_hit": .cachedInput,
        "cache_creation_input_token_cost": .cacheWrite5m,
        "cache_creation_input_token_cost_above_1hr": .cacheWrite1h,
        "cache_creation_input_token_cost_above_12hr": .cacheWrite12h,
        "input_cost_per_audio_token": .audioInput, "output_cost_per_audio_token": .audioOutput,
        "cache_read_input_audio_token_cost": .cachedAudioInput,
        "cache_creation_input_audio_token_cost": .audioCacheWrite5m,
        "input_cost_per_image_token": .imageInput, "output_cost_per_image_token": .imageOutput,
        "cache_read_input_image_token_cost": .cachedImageInput,
        "input_cost_per_video_token": .videoInput, "output_cost_per_video_token": .videoOutput,
        "output_cost_per_reasoning_token": .reasoning, "citation_cost_per_token": .citation,
        "input_cost_per_character": .characterInput,
        "output_cost_per_character": .characterOutput, "input_cost_per_pixel": .inputPixel,
        "output_cost_per_pixel": .outputPixel,
    ]

    private static let things: KeyValuePairs<String, Meter> = [
        "input_cost_per_image": .inputImage, "output_cost_per_image": .outputImage,
        "input_cost_per_query": .query, "input_cost_per_request": .request,
        "ocr_cost_per_page": .page, "annotation_cost_per_page": .annotatedPage,
        "ocr_cost_per_credit": .credit, "code_interpreter_cost_per_session": .session,
        "input_cost_per_text_message": .textMessage,
        "google_maps_grounding_cost_per_query": .mapsGrounding,
    ]

    /// A second is a thousand of our units.
    private static let seconds: KeyValuePairs<String, Meter> = [
        "cost_per_second": .capacityMilliseconds,
        "input_cost_per_audio_per_second": .audioInputMilliseconds,
        "input_cost_per_video_per_second": .videoInputMilliseconds,
        "output_cost_per_video_per_second": .videoOutputMilliseconds,
    ]

    /// Seconds of what, the mode tells.
    private static func unit(of stem: Substring, mode: String?) -> Unit? {
        let meter: Meter
        switch (stem, mode) {
        case ("input_cost_per_second", "audio_transcription"),
            ("input_cost_per_second", "realtime"):
            meter = .audioInputMilliseconds
        case ("output_cost_per_second", "video_generation"): meter = .videoOutputMilliseconds
        case ("output_cost_per_second", "audio_speech"): meter = .audioOutputMilliseconds
        default: return nil
        }
        return Unit(meter: meter, timesTen: 0, units: 1_000)
    }
}
