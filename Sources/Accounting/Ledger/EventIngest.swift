import JSONBytes
import Pricing
import ProviderUsage

/// Takes events in that a program sends, each once, and answers for each of them: one that cannot be
/// read, or may not be sent by this key, spoils no other.
///
/// An event is written as `ledger export` writes it. In place of `usage` it may have `vendor_usage`,
/// the vendor's object or whole answer as it came, with `api` where the object alone does not tell
/// whose it is.
package struct EventIngest {
    /// Events of one body.
    package static let maximumEvents = 10_000
    /// Events of one transaction.
    private static let groupSize = 1_000

    private enum Item {
        case event(place: Int)
        case refused(EventProblem)
    }

    private let context: LedgerContext
    /// The project that all events count for, by the key that sends them.
    private let project: String?
    /// Whether an id is that of a request which a relay still has to tell of, or holds a budget for.
    private let isOpen: (EventID) throws -> Bool
    private var items: [Item] = []
    private var entries: [LedgerEntry] = []

    package init(
        into context: LedgerContext, project: String?,
        isOpen: @escaping (EventID) throws -> Bool = { _ in false }
    ) {
        self.context = context
        self.project = project
        self.isOpen = isOpen
    }

    package mutating func add(_ json: JSONValue) throws {
        do throws(EventProblem) {
            let recorded = try Self.read(json)
            var event = recorded.event
            if let project {
                guard event.project == nil || event.project == project else {
                    throw EventProblem(
                        field: "project", "this key's events count for \(quoted(project))")
                }
                event.project = project
                try own(&event, json, of: project)
            }
            try refuseOpen(event.id, json)
            let line: RateLine?
            do {
                line = try recorded.line.flatMap { try context.ledger.line($0) }
            } catch {
                // The ledger cannot be read; keeping the event will say why.
                line = nil
            }
            let entry = context.pricing.book.entry(for: event)
            entries.append(line.map { entry.moved(under: $0) } ?? entry)
            items.append(.event(place: entries.count - 1))
        } catch {
            refuse(error)
        }
    }

    /// Ids of one project's key are its own: two services may both count from 1. An id that is one
    /// everywhere may not be another project's.
    private func own(
        _ event: inout UsageEvent, _ json: JSONValue, of project: String
    ) throws(EventProblem) {
        let text = json["id"]?.textValue ?? ""
        guard EventID(text) != nil else {
            event.id = EventID(
                importedFrom: "\(project.utf8.count):\(project) \(event.source)", id: text.utf8)
            return
        }
        // Where the ledger cannot be read, keeping the event will say why.
        let known = try? context.ledger.entry(event.id, account: context.account)
        guard known == nil || known?.event.project == project else {
            throw EventProblem(field: "id", "is another event's")
        }
    }

    /// A relay's own event is the true one, and ends what is held for its request. Ids of a relay are ids
    /// everywhere, as no other is.
    private func refuseOpen(_ id: EventID, _ json: JSONValue) throws(EventProblem) {
        guard json["id"]?.textValue.flatMap({ EventID($0) }) != nil else { return }
        let isTaken: Bool
        do {
            isTaken = try isOpen(id)
        } catch {
            throw EventProblem(field: "id", "cannot be looked up now: \(error)")
        }
        guard !isTaken else {
            throw EventProblem(
                field: "id", "is that of a request under way, or that a budget still holds")
        }
    }

    package mutating func refuse(_ problem: EventProblem) { items.append(.refused(problem)) }

    package var count: Int { items.count }

    /// Keeps what was taken, out of reach of a loss of power; what became of each.
    package func answer() throws -> Answer {
        var outcomes: [AppendOutcome] = []
        for start in stride(from: 0, to: entries.count, by: Self.groupSize) {
            let group = entries[start..<min(start + Self.groupSize, entries.count)]
            outcomes += try context.ledger.append(
                Array(group), account: context.account, durability: .full)
        }
        var counts: [String: Int64] = [:]
        var rows: [JSONValue] = []
        for item in items {
            switch item {
            case .event(let place):
                let (entry, outcome) = (entries[place], outcomes[place])
                counts[outcome.rawValue, default: 0] += 1
                rows.append(
                    .object([
                        "id": .string(entry.event.id.text), "outcome": .string(outcome.rawValue),
                        "known": .string(entry.event.known.rawValue),
                        "rate_line": .optional(entry.line?.id),
                    ]))
            case .refused(let problem):
                counts[Self.refused, default: 0] += 1
                rows.append(
                    .object([
                        "outcome": .string(Self.refused), "field": .optional(problem.field),
                        "problem": .string(problem.description),
                    ]))
            }
        }
        let words = AppendOutcome.allCases.map(\.rawValue) + [Self.refused]
        var summary = JSONObject()
        for word in words { summary.append(word, .integer(counts[word] ?? 0)) }
        var report = Report(
            title: "\(Count.grouped(Int64(items.count))) events",
            columns: [Report.Column("outcome", nil, .left), Report.Column("events")],
            rows: words.compactMap { word in
                counts[word].map { [Report.Cell(word), Report.Cell($0)] }
            }, rates: context.pricing.label(at: context.pricing.now))
        report.showsHeader = !items.isEmpty
        return Answer(
            name: "events",
            fields: JSONObject(["counts": .object(summary), "rows": .array(rows)]), report: report)
    }

    private static let refused = "refused"

    // MARK: Reading

    private static func read(_ json: JSONValue) throws(EventProblem) -> RecordedEvent {
        guard case .object(let object) = json, let vendorUsage = object["vendor_usage"] else {
            if json["api"] != nil {
                throw EventProblem(field: "api", "goes with vendor_usage")
            }
            return try RecordedEvent(json)
        }
        for name in ["usage", "known", "method"] where object[name] != nil {
            throw EventProblem(field: name, "does not go with vendor_usage")
        }
        let reading = try reading(vendorUsage, object["api"])
        var plain = JSONObject()
        for member in object.members where !["vendor_usage", "api"].contains(member.key) {
            plain.append(member.key, member.value)
        }
        plain.append("usage", reading.usageOfRequest.json)
        plain.append("known", .string(reading.known.rawValue))
        // What the vendor says of the answer, where the sender says nothing else.
        let told: [(String, JSONValue?)] = [
            ("answered_model", reading.model.map(JSONValue.string)),
            ("vendor_id", reading.vendorID.map(JSONValue.string)),
            ("service_tier", reading.serviceTier.map(JSONValue.string)),
            ("when", LedgerEntry.json(reading.attributes)),
            ("vendor_cost", reading.vendorCost?.json),
        ]
        for (name, value) in told where object[name] == nil {
            if let value { plain.append(name, value) }
        }
        return try RecordedEvent(.object(plain))
    }

    private static func reading(
        _ value: JSONValue, _ stated: JSONValue?
    ) throws(EventProblem) -> UsageReading {
        var api: StreamAPI?
        if let stated, stated != .null {
            api = stated.textValue.flatMap(StreamAPI.init)
            guard api != nil else {
                let known = StreamAPI.allCases.map(\.rawValue).joined(separator: ", ")
                throw EventProblem(field: "api", "is none of \(known)")
            }
        }
        do {
            return try UsageReading(vendorUsage: value, api: api)
        } catch {
            throw EventProblem(field: "vendor_usage", error.description)
        }
    }
}
