import Pricing

/// What a key of the service lets its holder do, and whose use it counts as. The secret is not here.
package struct AccessKey: Hashable, Sendable {
    package enum Scope: String, CaseIterable, Sendable {
        /// Send requests to upstreams, and be metered.
        case relay
        /// Put events in.
        case ingest
        /// Ask for answers.
        case read
        /// All of it, for every project.
        case admin
    }

    package enum State: String, Sendable { case active, expired, revoked }

    /// What it is looked up by; not secret.
    package let id: String
    package let name: String?
    package let scopes: Set<Scope>
    /// What its use is attributed to, and all that it may see; `nil` for every project.
    package let project: String?
    /// The hard budget that its requests are held to, beside those of the service.
    package let budget: String?
    /// Globs of the models that it may ask for; empty for all.
    package let models: [String]
    package let created: Timestamp
    package let expires: Timestamp?
    package var revoked: Timestamp?

    package init(
        id: String, name: String? = nil, scopes: Set<Scope>, project: String? = nil,
        budget: String? = nil, models: [String] = [], created: Timestamp,
        expires: Timestamp? = nil, revoked: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.project = project
        self.budget = budget
        self.models = models
        self.created = created
        self.expires = expires
        self.revoked = revoked
    }

    package func state(at time: Timestamp) -> State {
        // Whatever the clock says of whoever ended it.
        if revoked != nil { return .revoked }
        if let expires, expires <= time { return .expired }
        return .active
    }

    package func allows(_ scope: Scope) -> Bool {
        scopes.contains(scope) || scopes.contains(.admin)
    }

    package func allows(model: String) -> Bool {
        models.isEmpty || models.contains { Glob.matches($0.utf8, model.utf8) }
    }
}
