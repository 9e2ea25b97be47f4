import JSONBytes
import Pricing

/// What a stream has said so far, event by event. Each API adds what its own events mean.
struct StreamTally: Sendable {
    var api: StreamAPI?
    var model: String?
    var vendorID: String?
    var finishReason: String?
    var serviceTier: String?
    var counts: VendorCounts?
    /// What Anthropic's events have said, later ones over earlier ones.
    var merged: [String: JSONValue] = [:]
    /// Whether the output that was counted is a vendor's placeholder.
    var isOutputPlaceholder = false
    /// Whether the counts are those that the vendor bills.
    var isFinal = false
    /// Whether the sign of the end came.
    var hasEnd = false
    /// Whether the answer's finish came, and no text behind it.
    private(set) var isFinished = false
    /// Whether the payload that is being read brought text.
    private(set) var payloadHasText = false
    /// Whether the payload that is being read brought the first text.
    private var isFirstText = false
    /// Whether the first text came with a finish and usage, and more followed: early Gemini models
    /// stamp each piece of text with them.
    private var finishIsStamp = false
    private var firstTextWasFinal = false
    /// Whether text came behind the payload of the counts.
    private var hasTextBehindCounts = false
    var text = TextTally()
    var oddities = Oddities()
    var errorKind: String?
    var cost: Money?
    /// What else the vendor tells of the request.
    var attributes: [String: String] = [:]
    /// Calls of the vendor's tools that stand among the answer, and not among its counts.
    var calls = VendorCalls()
    private(set) var payloads = 0
    /// Whether what was taken for the end may be that of one choice.
    var endIsGuess = false
    /// Whether the sign of the end came before the payload that is being read.
    private var wasEnded = false
    /// Payloads that were read to find out whose they are, and which answer it is.
    private var looks = 0

    /// So many payloads are read whole until the answer's id and model are known.
    private static let maximumLooks = 8

    /// What was asked for, where whoever reads knows it.
    var modelAsked: String?

    init(api: StreamAPI?) { self.api = api }

    /// Final usage is what the vendor calls so; where it does not, what stood at a proper end with no
    /// text behind it. Of an answer whose output has no count that can be used, the text tells more.
    var hasFinalUsage: Bool {
        (isFinal || (hasEnd && counts != nil && !isOutputPlaceholder && !hasTextBehindCounts))
            && !isOutputMissing
    }

    /// No text is made of no tokens.
    private var isOutputMissing: Bool { (counts?.output ?? 0) == 0 && !text.isEmpty }

    /// Whether usage that the payload being read brings is what the vendor bills: it comes with or
    /// behind the finish. Where each piece of text carries a finish, only a payload without text does
    /// not come before another.
    var finishIsTrusted: Bool { isFinished && !(finishIsStamp && payloadHasText) }

    // MARK: Payloads

    mutating func take(_ payload: BodyFraming.Payload) {
        var bytes = payload.bytes
        while let last = bytes.last, last <= 0x20 {
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropLast())
        }
        while let first = bytes.first, first <= 0x20 {
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        }
        guard !bytes.isEmpty else { return }
        if payload.isUnterminated { oddities.insert(.unterminatedEvent) }
        if bytes.count == 6, bytes.elementsEqual("[DONE]".utf8) {
            hasEnd = true
            endIsGuess = false
            return
        }
        payloads += 1
        wasEnded = hasEnd && !endIsGuess
        if let api, !isTelling(bytes, api) {
            // It is not read, and yet what is no object shows at its ends.
            let isObject = bytes.first == UInt8(ascii: "{") && bytes.last == UInt8(ascii: "}")
            if !isObject, !payload.isUnterminated { oddities.insert(.malformedPayload) }
            return count(bytes, api)
        }
        let value: JSONValue
        do {
            value = try self.value(of: bytes)
        } catch {
            // An event that was cut is no fault of the vendor's.
            if !payload.isUnterminated { oddities.insert(.malformedPayload) }
            if let api { count(bytes, api) }
            return
        }
        guard case .object = value else {
            oddities.insert(.malformedPayload)
            return
        }
        if wasEnded, isOfAnother(value, payload) {
            oddities.insert(.anotherAnswer)
            return
        }
        if api == nil { api = StreamAPI(recognising: value, type: payload.type) }
        if let api {
            count(bytes, api)
            countDocument(bytes, api, isEvent: payload.isEvent)
            read(value, api, isEvent: payload.isEvent)
        } else if let error = value["error"], error.isError {
            takeError(error)
            if !payload.isEvent { hasEnd = true }
        }
    }

    /// Whether a payload behind the end is of another vendor's shape.
    private func isOfAnother(_ value: JSONValue, _ payload: BodyFraming.Payload) -> Bool {
        guard let api, let other = StreamAPI(recognising: value, type: payload.type) else {
            return false
        }
        let alike: Set<StreamAPI> = [.openAIChat, .openAICompletions]
        return api != other && !alike.isSuperset(of: [api, other])
    }

    private mutating func value(of bytes: UnsafeRawBufferPointer) throws -> JSONValue {
        var reader = JSONReader(bytes.bindMemory(to: UInt8.self))
        reader.isLenient = true
        let value = try reader.value(numbers: .decimal)
        // What stands behind a whole value is passed over.
        if (try? reader.expectEnd()) == nil { oddities.insert(.malformedPayload) }
        if reader.hasDuplicates { oddities.insert(.duplicateKey) }
        return value
    }

    /// Whether a payload may say more than a piece of text does. Most say nothing else, and are not
    /// read as JSON.
    private mutating func isTelling(_ bytes: UnsafeRawBufferPointer, _ api: StreamAPI) -> Bool {
        if (model == nil || vendorID == nil) && looks < Self.maximumLooks {
            looks += 1
            return true
        }
        // A name may be written with escapes.
        if bytes.hasEscapedLetter { return true }
        switch api {
        case .openAIChat, .openAICompletions:
            return bytes.hasKey("\"finish_reason\"") || bytes.hasKey("\"usage\"")
                || bytes.hasKey("\"error\"")
        case .anthropicMessages:
            return bytes.hasKey("\"usage\"") || bytes.hasKey("\"error\"")
                || bytes.hasKey("\"stop_reason\"")
                || bytes.firstIndex(of: "\"message_stop\"", from: 0) != nil
        case .openAIResponses:
            return bytes.hasKey("\"response\"") || bytes.hasKey("\"usage\"")
                || bytes.firstIndex(of: "\"error\"", from: 0) != nil
        default: return true
        }
    }

    /// Adds the text of a payload.
    private mutating func count(_ bytes: UnsafeRawBufferPointer, _ api: StreamAPI) {
        let before = text.bytes
        addText(of: bytes, api)
        payloadHasText = text.bytes > before
        isFirstText = before == 0 && payloadHasText
        if payloadHasText, counts != nil { hasTextBehindCounts = true }
        if payloadHasText, wasEnded { oddities.insert(.anotherAnswer) }
        // A finish that more text follows was none, and usage that came before it is not the last.
        if payloadHasText, isFinished || isFinal {
            if isFinished { finishIsStamp = firstTextWasFinal }
            isFinished = false
            isFinal = false
        }
    }

    // MARK: What events say

    mutating func note(model name: JSONValue?) {
        guard let name = name?.textValue, !name.isEmpty else { return }
        // A dated name tells the same model more exactly.
        if let model, !name.hasPrefix(model), !model.hasPrefix(name) {
            oddities.insert(.modelChanged)
        }
        model = name
    }

    /// The first id counts; some vendors give each event one of its own.
    mutating func note(id: JSONValue?) {
        guard let id = id?.textValue, !id.isEmpty else { return }
        if wasEnded, vendorID != nil, vendorID != id { oddities.insert(.anotherAnswer) }
        if vendorID == nil { vendorID = id }
    }

    mutating func note(finish reason: JSONValue?) {
        switch reason {
        case .string(let text) where !text.isEmpty && text != "null": finishReason = text
        // Vertex may send the number of its enum, where 0 is none.
        case .integer(let number) where number != 0: finishReason = String(number)
        default: return
        }
        isFinished = true
    }

    mutating func note(tier: JSONValue?) {
        // `auto` is a question: it says that the vendor may choose, and not what it chose.
        if let tier = tier?.textValue, !tier.isEmpty, tier != "auto" { serviceTier = tier }
    }

    /// What a usage object tells of how the request was served.
    mutating func noteConditions(of usage: JSONValue) {
        note(tier: Self.tier(ofTraffic: usage["trafficType"]))
        note(tier: usage["service_tier"] ?? usage["serviceTier"])
        if let speed = usage["speed"]?.textValue, speed != "standard" {
            attributes["speed"] = speed
        }
    }

    /// Vertex names the tier as a kind of traffic.
    /// https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse
    /// (checked 2026-11-29)
    private static func tier(ofTraffic type: JSONValue?) -> JSONValue? {
        switch type {
        case "ON_DEMAND_PRIORITY": "priority"
        case "ON_DEMAND_FLEX": "flex"
        // What was bought ahead is billed by no token.
        case "PROVISIONED_THROUGHPUT": "provisioned_throughput"
        default: nil
        }
    }

    mutating func takeError(_ error: JSONValue) {
        oddities.insert(.errorInStream)
        // Responses sends its error as an event, of which the type says no more than that.
        let type = error["type"] == "error" ? nil : error["type"]
        let kind = type ?? error["status"] ?? error["code"]
        errorKind = kind?.textValue ?? kind?.numberText ?? errorKind ?? "error"
    }

    /// Takes the vendor's counts over those before; whether they are the ones that it bills.
    mutating func take(_ new: VendorCounts, from usage: JSONValue, isFinal: Bool) {
        guard !new.isSilent else {
            oddities.formUnion(new.oddities)
            return
        }
        if new.isZero, !text.isEmpty {
            oddities.insert(.zeroUsage)
            return
        }
        // After a count nothing is none.
        if new.output == 0, !text.isEmpty, !isOutputPlaceholder, (counts?.output ?? 0) > 0 {
            oddities.insert(.zeroUsage)
            return
        }
        if let counts {
            let isLess = (new.input ?? 0) < (counts.input ?? 0)
            let isShorter = !isOutputPlaceholder && (new.output ?? 0) < (counts.output ?? 0)
            if isLess || isShorter { oddities.insert(.nonMonotonic) }
        }
        if errorKind != nil { oddities.insert(.usageAfterError) }
        // Of less than was final before it says nothing better.
        if self.isFinal, counts?.output != nil, new.output == nil { return }
        counts = new
        hasTextBehindCounts = false
        isOutputPlaceholder = false
        self.isFinal = self.isFinal || isFinal
        if isFinal, isFirstText { firstTextWasFinal = true }
        cost = VendorMoney.cost(in: usage) ?? cost
    }

    mutating func end(_ framing: BodyFraming, hasRest: Bool, isCut: Bool) {
        // An array is closed behind an error too.
        if framing.isClosedArray, finishReason != nil, errorKind == nil { hasEnd = true }
        if hasRest, !framing.isEventStream { oddities.insert(.unterminatedEvent) }
        if hasRest, !hasEnd { oddities.insert(.missingDone) }
        // These have no other sign of their end than the end.
        if !isCut, !hasRest, let api, !api.hasEndMarker, finishReason != nil { hasEnd = true }
    }

    // MARK: The reading

    /// Whether a count is less than the text that came is worth.
    private func isShort(_ output: Int64?) -> Bool {
        (output ?? 0) < TokenEstimate(text, model: model ?? modelAsked).tokens
    }

    func reading(isCut: Bool, oversized: Int) -> UsageReading {
        var reading = UsageReading()
        reading.api = api
        reading.model = model
        reading.vendorID = vendorID
        reading.finishReason = finishReason
        reading.serviceTier = serviceTier
        reading.attributes = attributes
        reading.vendorCost = cost
        reading.errorKind = errorKind
        reading.text = text
        reading.payloads = payloads
        reading.isComplete = hasEnd
        var oddities = oddities
        if oversized > 0 { oddities.insert(.oversizedPayload) }
        let wantsEnd = isCut || (payloads > 0 && (api?.hasEndMarker ?? false))
        if !hasEnd, wantsEnd { oddities.insert(.missingDone) }
        var known = counts ?? VendorCounts()
        // What was counted before the last of the text, and never again, is no count of the answer.
        let isStale = hasTextBehindCounts && (hasEnd || isFinished) && !isCut
        if isOutputPlaceholder || isStale && isShort(known.output) { known.output = nil }
        if known.output == 0, !text.isEmpty {
            known.output = nil
            oddities.insert(.zeroUsage)
        }
        reading.isInputKnown = known.input != nil
        if hasFinalUsage {
            reading.known = .reported
        } else if known.output == nil, !text.isEmpty {
            let estimate = TokenEstimate(text, model: model ?? modelAsked)
            known.output = estimate.tokens
            known.reasoning = 0
            reading.method = isCut ? "\(estimate.method), partial" : estimate.method
            reading.known = .estimated
        } else if !known.isSilent {
            reading.known = .partial
        }
        if reading.known != .unknown { known.calls = known.calls.filled(from: calls) }
        reading.usage = known.usage(&oddities)
        reading.oddities = oddities
        return reading
    }
}
