import JSONBytes
import Pricing

/// What a report of the ledger can be grouped by.
package enum GroupDimension: String, CaseIterable, Sendable {
    case model, channel, project, user, known
    case serviceTier = "service-tier"
    case hour, day, week, month

    package var unit: TimeUnit? { TimeUnit(rawValue: rawValue) }

    /// As documents and CSV headers spell it.
    package var key: String { self == .serviceTier ? "service_tier" : rawValue }

    /// Reads `model,day`; each at most once.
    package static func parse(
        _ texts: [String], field: String
    ) throws(QuestionError) -> [GroupDimension] {
        var dimensions: [GroupDimension] = []
        for word in texts.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            let text = String(word)
            guard let dimension = allCases.first(where: { $0.rawValue == text || $0.key == text })
            else {
                let known = allCases.map(\.rawValue)
                let nearest = NearestNames.find(text, among: known).joined(separator: ", ")
                throw .invalid(
                    field: field, problem: "cannot group by \(quoted(text)); nearest: \(nearest)")
            }
            guard !dimensions.contains(dimension) else {
                throw .invalid(field: field, problem: "\(quoted(text)) is given twice")
            }
            dimensions.append(dimension)
        }
        return dimensions
    }

    /// What a group is called by this dimension; `nil` for no project or no user.
    func label(
        _ group: UsageGroup, at time: Timestamp, _ buckets: TimeBuckets
    ) throws(PricingError) -> String? {
        switch self {
        case .model: group.model
        case .channel: group.channel
        case .project: group.project
        case .user: group.user
        case .known: group.known.rawValue
        case .serviceTier: group.serviceTier
        case .hour, .day, .week, .month:
            try unit.map { unit throws(PricingError) in
                try buckets.label(time, by: unit)
            }
        }
    }
}

extension EventFilter {
    package static let names = ["where"]

    /// Reads `project=web`, `model=gpt-*` and `tag:env=prod`; several values of one name are
    /// alternatives. An empty value means that there is none.
    package init(_ parameters: Parameters) throws(QuestionError) {
        self.init()
        let field = parameters.spelled("where")
        for text in parameters.texts("where") {
            let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[0].isEmpty else {
                throw .invalid(
                    field: field, problem: "\(quoted(text)) is not NAME=GLOB, such as model=gpt-*")
            }
            let (name, glob) = (String(halves[0]), String(halves[1]))
            if name.hasPrefix("tag:") {
                tags[String(name.dropFirst(4)), default: []].append(glob)
            } else if let dimension = EventDimension.allCases.first(where: {
                $0.rawValue == name || $0.rawValue == name.replacing("-", with: "_")
            }) {
                globs[dimension, default: []].append(glob)
            } else {
                let known = EventDimension.allCases.map(\.rawValue)
                let nearest = NearestNames.find(name, among: known).joined(separator: ", ")
                throw .invalid(
                    field: field,
                    problem: "no field \(quoted(name)); nearest: \(nearest), or tag:NAME")
            }
        }
    }

    /// Reads what `json` writes; `nil` for anything else.
    package init?(_ json: JSONValue) {
        guard case .object(let object) = json else { return nil }
        self.init()
        for member in object.members {
            guard case .array(let values) = member.value else { return nil }
            let globs = values.compactMap { value in
                if case .string(let glob) = value { glob } else { nil }
            }
            guard globs.count == values.count else { return nil }
            if member.key.hasPrefix("tag:") {
                tags[String(member.key.dropFirst(4))] = globs
            } else if let dimension = EventDimension(rawValue: member.key) {
                self.globs[dimension] = globs
            } else {
                return nil
            }
        }
    }

    package var json: JSONValue? {
        guard !isEmpty else { return nil }
        var object = JSONObject()
        for (dimension, globs) in globs.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            object.append(dimension.rawValue, .array(globs.map(JSONValue.string)))
        }
        for (name, globs) in tags.sorted(by: { $0.key < $1.key }) {
            object.append("tag:\(name)", .array(globs.map(JSONValue.string)))
        }
        return .object(object)
    }
}
