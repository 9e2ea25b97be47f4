/// What was strange about a body, and how it was taken. The list is closed.
package enum Oddity: String, CaseIterable, Sendable {
    /// More cached or written tokens than input: cut to the input, which is what is billed.
    case cachedExceedsPrompt = "cached_exceeds_prompt"
    /// More reasoning than output: cut to the output.
    case reasoningExceedsOutput = "reasoning_exceeds_output"
    /// More audio, image or video tokens than the total that holds them: cut to it.
    case modalityExceedsTotal = "modality_exceeds_total"
    /// Reasoning stands beside the output, as the vendor's total says: added to it.
    case reasoningBesideOutput = "reasoning_beside_output"
    /// Audio stands beside the prompt, as the vendor's total says: added to it.
    case audioBesidePrompt = "audio_beside_prompt"
    /// The vendor's total is not the sum of its parts: the parts are taken.
    case totalMismatch = "total_mismatch"
    /// A count below zero: taken as not said.
    case negativeCount = "negative_count"
    /// A count that is no whole number, or beyond 10¹²: taken as not said.
    case unusableCount = "unusable_count"
    /// A count became smaller in the course of the stream: the last one is taken.
    case nonMonotonic = "non_monotonic"
    /// The stream goes on to usage after an error: it is taken.
    case usageAfterError = "usage_after_error"
    /// A count of zero where text came, or more was counted before: taken as not said.
    case zeroUsage = "zero_usage"
    /// Other models did a part of it; it is priced as the one that answered.
    case otherModels = "other_models"
    /// The answer's model changed in the course of the stream: the last one is taken.
    case modelChanged = "model_changed"
    /// The stream ended without the sign of its end.
    case missingDone = "missing_done"
    /// The last event was not ended by a blank line: it counts.
    case unterminatedEvent = "unterminated_event"
    /// A payload that is not JSON, or of another shape: passed over.
    case malformedPayload = "malformed_payload"
    /// An object of a payload has a key twice: the last one is taken, as most readers do.
    case duplicateKey = "duplicate_key"
    /// A payload longer than the limit: passed over.
    case oversizedPayload = "oversized_payload"
    /// The stream holds an error.
    case errorInStream = "error_in_stream"
    /// Another answer stands behind the end of this one: of the same vendor's the last one is taken,
    /// of another's the first.
    case anotherAnswer = "another_answer"
}

/// Oddities, each once.
package struct Oddities: Hashable, Sendable {
    private var bits: UInt32 = 0

    package init() {}

    package mutating func insert(_ oddity: Oddity) { bits |= Self.bit(oddity) }
    package mutating func formUnion(_ other: Oddities) { bits |= other.bits }
    package func contains(_ oddity: Oddity) -> Bool { bits & Self.bit(oddity) != 0 }
    package var isEmpty: Bool { bits == 0 }

    /// In the order of the list.
    package var list: [Oddity] { Oddity.allCases.filter(contains) }

    private static func bit(_ oddity: Oddity) -> UInt32 {
        1 << UInt32(Oddity.allCases.firstIndex(of: oddity) ?? 0)
    }
}
