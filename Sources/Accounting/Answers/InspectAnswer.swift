import JSONBytes
import Pricing
import ProviderUsage

/// How a recorded body is to be read: `api`, `cut`, `events`.
package struct InspectQuestion: Sendable {
    package static let names = ["api", "cut", "events"]

    private let api: StreamAPI?
    private let isCut: Bool
    private let wantsEvents: Bool

    /// Throws `QuestionError`.
    package init(_ parameters: Parameters) throws(QuestionError) {
        try parameters.refuseUnknown(Self.names)
        if let name = try parameters.text("api") {
            api = try StreamAPI(named: name, in: parameters.spelled("api"))
        } else {
            api = nil
        }
        isCut = try parameters.flag("cut")
        wantsEvents = try parameters.flag("events")
    }

    /// Of a body that is here whole; `nil` where it holds no stream and no answer.
    package func answer(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Answer? {
        var reader = UsageReader(api: api)
        var inspection = InspectAnswer(wantsEvents: wantsEvents)
        if wantsEvents {
            reader.read(bytes) { inspection.add($0) }
        } else {
            reader.read(bytes)
        }
        let reading = reader.finish(isCut: isCut) { inspection.add($0) }
        guard inspection.eventCount <= InspectAnswer.maximumEvents else {
            throw QuestionError.invalid(
                field: "events",
                problem:
                    "there are more than \(Count.grouped(Int64(InspectAnswer.maximumEvents)))")
        }
        return inspection.answer(reading, name: name, isCut: isCut)
    }
}

extension StreamAPI {
    /// Throws `QuestionError` for a name that none has.
    package init(named name: String, in field: String) throws(QuestionError) {
        guard let api = StreamAPI(rawValue: name) else {
            let known = StreamAPI.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(field: field, problem: "no API \(quoted(name)); known: \(known)")
        }
        self = api
    }
}

/// What was read off one recorded body.
package struct InspectAnswer {
    /// In a document or a table; a kilobyte each.
    package static let maximumEvents = 100_000

    private var rows: [JSONValue] = []
    private var cells: [[Report.Cell]] = []
    private let wantsEvents: Bool

    package init(wantsEvents: Bool) { self.wantsEvents = wantsEvents }

    /// One event of a body, as a row of the document or a line of its own.
    package static func row(_ number: Int, _ event: InspectedEvent) -> JSONValue {
        .object([
            "event": .integer(Int64(number)), "type": .optional(event.type.nonEmpty),
            "bytes": .integer(Int64(event.bytes)),
            "known": .string(event.reading.known.rawValue), "usage": event.reading.usage.json,
        ])
    }

    /// The next event, where they are wanted.
    package mutating func add(_ event: InspectedEvent) {
        // One more than is shown tells that there are too many.
        guard wantsEvents, rows.count <= Self.maximumEvents else { return }
        let number = rows.count + 1
        rows.append(Self.row(number, event))
        cells.append([
            Report.Cell(Int128(number)), Report.Cell(event.type), Report.Cell(Int128(event.bytes)),
            Report.Cell(event.reading.known.rawValue), Report.Cell(event.reading.usage.words),
        ])
    }

    package var eventCount: Int { rows.count }

    /// `nil` where the body holds no stream and no answer. One that was cut within its first event
    /// may be one.
    package func answer(_ reading: UsageReading, name: String, isCut: Bool) -> Answer? {
        guard reading.api != nil || reading.errorKind != nil || isCut && reading.isBeginning else {
            return nil
        }
        let fields = JSONObject([
            "file": .string(name), "api": .optional(reading.api?.rawValue),
            "model": .optional(reading.model), "id": .optional(reading.vendorID),
            "finish_reason": .optional(reading.finishReason),
            "service_tier": .optional(reading.serviceTier),
            "when": LedgerEntry.json(reading.attributes),
            "known": .string(reading.known.rawValue), "method": .optional(reading.method),
            "usage": reading.usage.json, "is_input_known": .bool(reading.isInputKnown),
            "vendor_cost": reading.vendorCost?.json ?? .null,
            "oddities": .array(reading.oddities.list.map { .string($0.rawValue) }),
            "error": .optional(reading.errorKind),
            "is_complete": .bool(reading.isComplete),
            "payloads": .integer(Int64(reading.payloads)),
            "text_bytes": .integer(reading.text.bytes),
            "rows": wantsEvents ? .array(rows) : nil,
        ])
        return Answer(name: "inspect", fields: fields, report: report(reading, name: name))
    }

    private func report(_ reading: UsageReading, name: String) -> Report {
        var report: Report
        if wantsEvents {
            report = Report(
                title: name,
                columns: [
                    Report.Column("event"), Report.Column("type", nil, .left),
                    Report.Column("bytes"), Report.Column("known", nil, .left),
                    Report.Column("usage", nil, .left),
                ], rows: cells, rates: "")
            report.showsHeader = !cells.isEmpty
        } else {
            let lines: [(String, String?)] = [
                ("api", reading.api?.rawValue), ("model", reading.model), ("id", reading.vendorID),
                ("finish reason", reading.finishReason), ("service tier", reading.serviceTier),
                ("when", reading.attributes.words.nonEmpty),
                ("known", reading.known.rawValue), ("method", reading.method),
                ("usage", reading.usage.words.nonEmpty),
                ("vendor's cost", reading.vendorCost?.display), ("error", reading.errorKind),
            ]
            report = Report(
                title: name,
                columns: [Report.Column("what", nil, .left), Report.Column("value", nil, .left)],
                rows: lines.compactMap { name, value in
                    value.map { [Report.Cell(name), Report.Cell($0)] }
                }, rates: "")
            report.showsHeader = false
        }
        let payloads =
            reading.payloads == 1
            ? "1 payload" : "\(Count.grouped(Int64(reading.payloads))) payloads"
        report.notes.append("\(payloads), \(Count.grouped(reading.text.bytes)) bytes of text")
        if wantsEvents {
            report.notes.append(
                "\(reading.known.rawValue): \(reading.usage.words.nonEmpty ?? "no usage")")
        }
        if !reading.isInputKnown, reading.known != .unknown {
            report.warnings.append("nobody said how many tokens went in; that is not zero")
        }
        for oddity in reading.oddities.list { report.warnings.append(oddity.sentence) }
        return report
    }
}

extension Usage {
    /// `1,200 input, 300 output`
    var words: String {
        meters.map { "\(Count.grouped(self[$0])) \($0.name)" }.joined(separator: ", ")
    }
}

extension [String: String] {
    /// `speed=fast`
    fileprivate var words: String {
        sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

extension Oddity {
    /// What it means, for people.
    package var sentence: String {
        switch self {
        case .cachedExceedsPrompt: "more cached tokens than input; cut to the input"
        case .reasoningExceedsOutput: "more reasoning than output; cut to the output"
        case .modalityExceedsTotal: "more tokens of a modality than in all; cut to the total"
        case .reasoningBesideOutput: "reasoning stands beside the output, as the total says; added"
        case .audioBesidePrompt: "audio stands beside the prompt, as the total says; added"
        case .totalMismatch: "the vendor's total is not the sum of its parts; the parts are taken"
        case .negativeCount: "a count below zero; taken as not said"
        case .unusableCount: "a count that is no whole number up to 10¹²; taken as not said"
        case .nonMonotonic: "a count became smaller on the way; the last one is taken"
        case .usageAfterError: "usage came after an error; it is taken"
        case .zeroUsage: "a count of zero where there was more; taken as not said"
        case .otherModels: "other models did a part of it"
        case .modelChanged: "the model changed on the way; the last one is taken"
        case .missingDone: "the stream ended without the sign of its end"
        case .unterminatedEvent: "the last event was not ended; it counts"
        case .malformedPayload: "a payload is not JSON; passed over"
        case .duplicateKey: "a payload has a key twice; the last one is taken"
        case .oversizedPayload: "a payload is longer than the limit; passed over"
        case .errorInStream: "the stream holds an error"
        case .anotherAnswer: "another answer stands behind the end; one of them is read"
        }
    }
}
