import Pricing
import ProviderUsage

extension UsageEvent {
    /// Who a request counts for, and where it was asked.
    package struct Attribution: Hashable, Sendable {
        package var channel: String
        package var source: String
        package var project: String?
        package var user: String?
        package var tags: [String: String]

        package init(
            channel: String, source: String, project: String? = nil, user: String? = nil,
            tags: [String: String] = [:]
        ) {
            self.channel = channel
            self.source = source
            self.project = project
            self.user = user
            self.tags = tags
        }
    }

    /// When a request went out, and what it took.
    package struct Times: Hashable, Sendable {
        package let start: Timestamp
        package let durationMilliseconds: Int64?
        package let firstTokenMilliseconds: Int64?

        package init(
            start: Timestamp, durationMilliseconds: Int64? = nil,
            firstTokenMilliseconds: Int64? = nil
        ) {
            self.start = start
            self.durationMilliseconds = durationMilliseconds
            self.firstTokenMilliseconds = firstTokenMilliseconds
        }
    }

    /// One request of ours, by what was read off its answer.
    package init(
        id: EventID, _ reading: UsageReading, _ times: Times, modelAsked: String,
        serviceTierAsked: String? = nil, _ attribution: Attribution
    ) {
        self.init(
            id: id, vendorID: reading.vendorID.map(Self.bounded), start: times.start,
            durationMilliseconds: times.durationMilliseconds,
            firstTokenMilliseconds: times.firstTokenMilliseconds, channel: attribution.channel,
            modelAsked: Self.bounded(modelAsked), modelAnswered: reading.model.map(Self.bounded),
            serviceTier: reading.serviceTier.map(Self.bounded) ?? RateConditions.standardTier,
            serviceTierAsked: serviceTierAsked.map(Self.bounded),
            attributes: reading.attributes.mapValues(Self.bounded), usage: reading.usageOfRequest,
            known: reading.known, method: reading.method,
            source: attribution.source, project: attribution.project, user: attribution.user,
            tags: attribution.tags, vendorCost: reading.vendorCost)
    }

    /// What an event has room for: a text of others is no longer than one of ours may be.
    private static func bounded(_ text: String) -> String {
        guard text.utf8.count > maximumTextBytes else { return text }
        var text = text
        while text.utf8.count > maximumTextBytes { text.removeLast() }
        return text
    }
}
