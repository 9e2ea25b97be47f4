import JSONBytes
import Pricing

/// A question about the keys of the service.
package struct KeyContext: Sendable {
    private let pricing: PricingContext
    private let keys: any AccessKeys
    private let account: String

    package init(
        _ pricing: PricingContext, keys: any AccessKeys,
        account: String = LedgerContext.defaultAccount
    ) {
        self.pricing = pricing
        self.keys = keys
        self.account = account
    }

    package static let createNames = [
        "name", "scope", "project", "budget", "models", "expires", "timezone",
    ]
    package static let maximumModels = 100
    private static let defaultScopes: Set<AccessKey.Scope> = [.relay, .read]

    /// Makes a key; the one answer that holds its text.
    package func create(_ parameters: Parameters) throws -> Answer {
        try parameters.refuseUnknown(Self.createNames)
        let secret = KeySecret()
        let key = AccessKey(
            id: secret.id, name: try text("name", parameters), scopes: try scopes(parameters),
            project: try project(parameters), budget: try text("budget", parameters),
            models: try models(parameters), created: pricing.now,
            expires: try expiry(parameters))
        guard key.project == nil || !key.scopes.contains(.admin) else {
            throw QuestionError.invalid(
                field: parameters.spelled("scope"),
                problem: "admin is for every project, and does not go with a project")
        }
        try keys.keep(key, hash: secret.hash, account: account)
        var fields = JSONObject(["key": .string(secret.text)])
        for member in Self.json(key, at: pricing.now).members {
            fields.append(member.key, member.value)
        }
        var report = Report(
            title: "key \(key.id)", columns: [Report.Column("key", nil, .left)],
            rows: [[Report.Cell(secret.text)]], rates: pricing.label(at: pricing.now))
        report.showsHeader = false
        report.notes = ["it is shown this once, and kept as a hash", Self.summary(key)]
        return Answer(name: "keys-create", fields: fields, report: report)
    }

    package func list() throws -> Answer {
        let all = try keys.accessKeys(account: account)
        let columns = ["id", "name", "scopes", "project", "budget", "models", "expires", "state"]
        var report = Report(
            title: all.count == 1 ? "1 key" : "\(all.count) keys",
            columns: columns.map { Report.Column($0, nil, .left) },
            rows: all.map { cells($0) }, rates: pricing.label(at: pricing.now))
        report.showsHeader = !all.isEmpty
        if all.isEmpty { report.notes.append("no keys; make one with keys create") }
        return Answer(
            name: "keys-list",
            fields: JSONObject([
                "rows": .array(all.map { .object(Self.json($0, at: pricing.now)) })
            ]), report: report)
    }

    /// Ends a key. Ending it again changes nothing.
    package func revoke(_ id: String) throws -> Answer {
        let isNew = try keys.revoke(id, at: pricing.now, account: account)
        guard let known = try keys.accessKey(id), known.account == account else {
            throw KeyError.unknownKey(id)
        }
        var report = Report(
            title: isNew ? "key \(id) is revoked" : "key \(id) was revoked already",
            columns: [Report.Column("key", nil, .left)],
            rows: [[Report.Cell(Self.summary(known.key))]], rates: pricing.label(at: pricing.now))
        report.showsHeader = false
        return Answer(
            name: "keys-revoke", fields: Self.json(known.key, at: pricing.now), report: report)
    }

    // MARK: Reading the question

    private func scopes(_ parameters: Parameters) throws(QuestionError) -> Set<AccessKey.Scope> {
        let words = Self.words("scope", parameters)
        guard !words.isEmpty else { return Self.defaultScopes }
        var scopes: Set<AccessKey.Scope> = []
        for word in words {
            guard let scope = AccessKey.Scope(rawValue: String(word)) else {
                let known = AccessKey.Scope.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid(
                    field: parameters.spelled("scope"),
                    problem: "no scope \(quoted(String(word))); known: \(known)")
            }
            scopes.insert(scope)
        }
        return scopes
    }

    /// Empty ones are kept, to be refused: nothing at all would mean everything.
    private static func words(_ name: String, _ parameters: Parameters) -> [Substring] {
        parameters.texts(name).flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
    }

    private func models(_ parameters: Parameters) throws(QuestionError) -> [String] {
        let models = Self.words("models", parameters).map(String.init)
        guard models.count <= Self.maximumModels else {
            throw .invalid(
                field: parameters.spelled("models"), problem: "at most \(Self.maximumModels)")
        }
        for model in models { try check(model, "models", parameters) }
        return models
    }

    private func expiry(_ parameters: Parameters) throws -> Timestamp? {
        let zone = try pricing.zone(parameters)
        guard
            let time = try parameters.time("expires", zone: zone, zones: pricing.book.zones)
        else { return nil }
        guard time > pricing.now else {
            throw QuestionError.invalid(
                field: parameters.spelled("expires"), problem: "\(time.text) is past")
        }
        return time
    }

    /// What it may see is told by its project's name: that is no pattern.
    private func project(_ parameters: Parameters) throws(QuestionError) -> String? {
        let project = try text("project", parameters)
        guard project?.utf8.contains(where: { "*?".utf8.contains($0) }) != true else {
            throw .invalid(
                field: parameters.spelled("project"), problem: "is a name, without * and ?")
        }
        return project
    }

    private func text(_ name: String, _ parameters: Parameters) throws(QuestionError) -> String? {
        guard let text = try parameters.text(name) else { return nil }
        try check(text, name, parameters)
        return text
    }

    private func check(
        _ text: String, _ name: String, _ parameters: Parameters
    ) throws(QuestionError) {
        guard !text.isEmpty, text.utf8.count <= UsageEvent.maximumTextBytes else {
            throw .invalid(
                field: parameters.spelled(name),
                problem: "must be 1 to \(UsageEvent.maximumTextBytes) bytes")
        }
        guard !text.unicodeScalars.contains(where: \.isHidden) else {
            throw .invalid(
                field: parameters.spelled(name),
                problem: "\(quoted(text)) has a character that cannot be seen")
        }
    }

    // MARK: Showing it

    private static func json(_ key: AccessKey, at now: Timestamp) -> JSONObject {
        JSONObject([
            "id": .string(key.id), "name": .optional(key.name),
            "scopes": .array(words(key.scopes).map(JSONValue.string)),
            "project": .optional(key.project), "budget": .optional(key.budget),
            "models": .array(key.models.map(JSONValue.string)),
            "created": .string(key.created.text), "expires": .optional(key.expires?.text),
            "revoked": .optional(key.revoked?.text),
            "state": .string(key.state(at: now).rawValue),
        ])
    }

    private func cells(_ key: AccessKey) -> [Report.Cell] {
        [
            key.id, key.name ?? "", Self.words(key.scopes).joined(separator: ","),
            key.project ?? "", key.budget ?? "", key.models.joined(separator: ","),
            key.expires?.text ?? "", key.state(at: pricing.now).rawValue,
        ].map { Report.Cell($0) }
    }

    private static func words(_ scopes: Set<AccessKey.Scope>) -> [String] {
        AccessKey.Scope.allCases.filter(scopes.contains).map(\.rawValue)
    }

    private static func summary(_ key: AccessKey) -> String {
        var parts = ["may \(words(key.scopes).joined(separator: ", "))"]
        parts.append(key.project.map { "project \($0)" } ?? "every project")
        if let budget = key.budget { parts.append("budget \(budget)") }
        if !key.models.isEmpty { parts.append("models \(key.models.joined(separator: ", "))") }
        if let expires = key.expires { parts.append("until \(expires.text)") }
        return parts.joined(separator: "; ")
    }
}
