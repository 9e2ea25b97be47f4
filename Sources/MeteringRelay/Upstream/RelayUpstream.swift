import Pricing
import ProviderUsage
import StreamClient

/// A vendor, or another relay, that requests are passed on to.
package struct RelayUpstream: Sendable {
    /// What becomes of an answer whose client left before it was finished.
    package enum LeavePolicy: String, CaseIterable, Sendable {
        /// The request is ended, where that ends the bill too.
        case stop
        /// It is read to its end, for it is paid in any case.
        case drain
    }

    /// With which key upstream is asked.
    package enum Key: Sendable {
        case none
        case ours(StreamKey)
        /// The one that came with the request, where it is none of tokenmeter's.
        case clients
    }

    package let name: String
    /// Where what it answers is bought: a channel's id.
    package let channel: String
    /// The dialects that it speaks.
    package let apis: Set<StreamAPI>
    /// Above the routes: `https://api.openai.com/v1`.
    package let address: StreamAddress
    package var key = Key.none
    /// Globs of the models that it is asked for; empty for all.
    package var models: [String] = []
    /// Set on each request, in place of the client's.
    package var headers: [(name: String, value: String)] = []
    package var leavePolicy = LeavePolicy.stop
    /// Whether a stream is asked for its usage where the client did not.
    package var asksForUsage = true
    package var timeouts = StreamTimeouts()
    package var retries = RelayUpstream.retries
    /// After how much silence a stream gets a comment; `nil` for never.
    package var keepAliveMilliseconds: Int64?
    /// How long an answer is at most where the request does not say it, in tokens; for hard budgets.
    package var maximumOutput: Int64?
    /// The tier that the vendor takes where a request names none; `auto` for any. A project may have set
    /// it there.
    package var serviceTier: String?
    /// PEM of authorities that are trusted besides the machine's.
    package var trust = StreamTrust.system

    package init(name: String, channel: String, apis: Set<StreamAPI>, address: StreamAddress) {
        self.name = name
        self.channel = channel
        self.apis = apis
        self.address = address
    }

    /// A client waits meanwhile, and has patience and retries of its own.
    package static let retries = {
        var retries = RetryPolicy()
        retries.attempts = 3
        retries.firstMilliseconds = 100
        retries.maximumRetryAfterMilliseconds = 2_000
        return retries
    }()

    func serves(_ api: StreamAPI, model: String?) -> Bool {
        guard apis.contains(api) else { return false }
        guard !models.isEmpty, let model else { return true }
        return models.contains { Glob.matches($0.utf8, model.utf8) }
    }
}

/// What a relay is told.
package struct RelaySettings: Sendable {
    /// The first one that serves a request gets it.
    package var upstreams: [RelayUpstream]
    package var limits = RelayLimits()
    /// Whether a stream ends with a comment that tells its cost.
    package var tellsCost = false
    /// What pages ask that name no model.
    package var modelOfPages = "gpt-4.1"

    package init(upstreams: [RelayUpstream]) { self.upstreams = upstreams }
}

package struct RelayLimits: Hashable, Sendable {
    /// Of one request.
    package var bodyBytes = 32 << 20
    /// Of all requests that are under way together.
    package var allBodiesBytes = 128 << 20
    /// Between two pieces of a request, and before the first.
    package var silenceMilliseconds: Int64 = 60_000
    /// From the head of a request to its end.
    package var requestMilliseconds: Int64 = 300_000
    /// How long usage is waited for behind the end of an answer.
    package var usageMilliseconds: Int64 = 3_000
    /// How long the ledger may take to keep an event before its stream is cut.
    package var commitMilliseconds: Int64 = 10_000

    package init() {}
}
