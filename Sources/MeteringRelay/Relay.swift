import Accounting
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Pricing
import ProviderUsage
import StreamClient
import Synchronization

/// Who asks, as far as a relay has to know.
package struct RelayCaller: Hashable, Sendable {
    package let account: String
    /// The id of the key, which is no secret; `nil` on this machine without one.
    package let key: String?
    /// What the key's requests count for.
    package let project: String?
    /// The budget that the key is held to.
    package let budget: String?
    /// Globs of the models that it may ask for; empty for all.
    package let models: [String]
    /// Headers for a page of another origin that may read the answer.
    package let headers: [(name: String, value: String)]

    package init(
        account: String, key: String? = nil, project: String? = nil, budget: String? = nil,
        models: [String] = [], headers: [(name: String, value: String)] = []
    ) {
        self.account = account
        self.key = key
        self.project = project
        self.budget = budget
        self.models = models
        self.headers = headers
    }

    package static func == (lhs: RelayCaller, rhs: RelayCaller) -> Bool {
        lhs.account == rhs.account && lhs.key == rhs.key
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

/// Who lets requests in.
package protocol RelayGate: Sendable {
    /// Fails with `RelayProblem`.
    func admit(
        _ head: HTTPRequestHead, on eventLoop: any EventLoop
    ) -> EventLoopFuture<RelayCaller>
}

/// Keeps the bodies of answers, for people who want to show a wrong reading to others.
package protocol BodyRecording: Sendable {
    func begin(named name: String, ending: String) throws -> any RecordedBody
}

package protocol RecordedBody: Sendable {
    func write(_ bytes: UnsafeRawBufferPointer) throws
}

/// What all connections of a relay share.
package final class Relay: Sendable {
    let settings: RelaySettings
    let gate: any RelayGate
    let writer: EventWriter
    let budgets: BudgetWatch
    let recording: (any BodyRecording)?
    let log: AccessLog?
    let logger: Logger
    /// The rates, at this moment.
    let rates: @Sendable () -> PricingContext
    package let metrics = RelayMetrics()
    let open = OpenExchanges()
    /// Bytes of requests that are here, and not answered.
    let gatheredBytes = Atomic<Int>(0)

    var tooManyBytes: RelayProblem {
        RelayProblem(
            503, "too_many_bytes",
            "requests under way hold \(settings.limits.allBodiesBytes >> 20) MiB, and more is not taken",
            retryAfterSeconds: 1)
    }
    /// One for each upstream and event loop: a request and its answer never leave theirs.
    private let clients: [[ObjectIdentifier: HTTPStreamClient]]

    /// Throws `StreamError.Reason` for certificates that cannot be read.
    package init(
        _ settings: RelaySettings, gate: any RelayGate, writer: EventWriter, budgets: BudgetWatch,
        recording: (any BodyRecording)? = nil, log: AccessLog? = nil, logger: Logger,
        rates: @escaping @Sendable () -> PricingContext
    ) throws {
        self.settings = settings
        self.gate = gate
        self.writer = writer
        self.budgets = budgets
        self.recording = recording
        self.log = log
        self.logger = logger
        self.rates = rates
        let eventLoops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
        clients = try settings.upstreams.map { upstream in
            var settings = StreamSettings()
            settings.timeouts = upstream.timeouts
            settings.trust = upstream.trust
            settings.allowsHTTP2 = false
            var clients: [ObjectIdentifier: HTTPStreamClient] = [:]
            for eventLoop in eventLoops {
                clients[ObjectIdentifier(eventLoop)] = try HTTPStreamClient(
                    settings, on: eventLoop)
            }
            return clients
        }
    }

    /// The place of the upstream that gets a request.
    ///
    /// Throws `RelayProblem`.
    func upstream(
        for api: StreamAPI, model: String?, named name: String?
    ) throws(RelayProblem) -> Int {
        let upstreams = settings.upstreams
        if let name {
            guard let place = upstreams.firstIndex(where: { $0.name == name }) else {
                throw RelayProblem(400, "unknown_upstream", "there is no upstream of that name")
            }
            guard upstreams[place].serves(api, model: model) else {
                throw RelayProblem(
                    400, "wrong_upstream", "upstream \(name) does not serve this API and model")
            }
            return place
        }
        if let place = upstreams.firstIndex(where: { $0.serves(api, model: model) }) {
            return place
        }
        guard upstreams.contains(where: { $0.apis.contains(api) }) else {
            throw RelayProblem(
                404, "no_upstream", "no upstream of this relay speaks \(api.rawValue)")
        }
        throw RelayProblem(
            404, "model_not_found", "no upstream of this relay serves that model")
    }

    func now() -> Timestamp { rates().now }

    func client(_ upstream: Int, on eventLoop: any EventLoop) -> HTTPStreamClient {
        guard let client = clients[upstream][ObjectIdentifier(eventLoop)] else {
            preconditionFailure("a relay serves the event loops of the process")
        }
        return client
    }

    // MARK: The end

    /// How many answers are under way.
    package var openExchanges: Int { open.count }

    /// Whether an id is that of a request whose event is still to be kept.
    package func isOpen(_ id: EventID) -> Bool { open.contains(id) || writer.isKeeping(id) }

    /// Ends what is still under way, each with its event.
    package func stop() { open.stopAll() }
}
