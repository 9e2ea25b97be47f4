import Accounting
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Pricing
import Synchronization

/// What a request may do, and in whose ledger.
package struct Access: Sendable {
    package let account: String
    /// `nil` where no key was asked for, on this machine: all is allowed.
    package let key: AccessKey?

    package init(account: String = LedgerContext.defaultAccount, key: AccessKey?) {
        self.account = account
        self.key = key
    }

    /// Throws a 403 that says what the key may do.
    func require(_ scope: AccessKey.Scope) throws(Problem) {
        guard let key, !key.allows(scope) else { return }
        let may = AccessKey.Scope.allCases.filter(key.scopes.contains).map(\.rawValue)
        throw Problem(
            status: .forbidden, code: "forbidden",
            detail:
                "key \(key.id) may \(may.joined(separator: ", ")), and this wants \(scope.rawValue)"
        )
    }
}

/// What handlers know of a request besides itself.
package struct ServiceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Set by the gate, behind which every route stands that asks for it.
    package var access: Access
    let channel: any NIOCore.Channel

    package init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
        access = Access(key: nil)
    }
}

/// Lets a request in by its key. On this machine none is needed; one that is given counts.
package struct AccessGate: RouterMiddleware {
    package typealias Context = ServiceContext

    /// How long a key is remembered: one that is revoked works no longer than that.
    package static let rememberedMilliseconds: Int64 = 1_000
    private static let maximumRemembered = 10_000

    private struct Known: Sendable {
        let key: AccessKey
        let hash: [UInt8]
        let account: String
        let readAt: Timestamp
    }

    private let keys: any AccessKeys
    let wantsKey: Bool
    private let now: @Sendable () -> Timestamp
    private let remembered = Remembered()

    private final class Remembered: Sendable {
        let known = Mutex<[String: Known]>([:])
    }

    package init(
        keys: any AccessKeys, wantsKey: Bool, now: @escaping @Sendable () -> Timestamp
    ) {
        self.keys = keys
        self.wantsKey = wantsKey
        self.now = now
    }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.access = try await access(request)
        return try await next(request, context)
    }

    /// Throws a 401 that does not tell a key that never was from one that ended.
    package func access(_ request: Request) async throws -> Access {
        let text = try GivenKey.text(
            parameters: request.uri.queryParameters.map { ($0.key, $0.value) }
        ) { name in
            HTTPField.Name(name).map { request.headers[values: $0] } ?? []
        }
        return try await access(text)
    }

    func access(_ text: String?) async throws -> Access {
        guard let text else { return try withoutKey() }
        let secret = KeySecret(text)
        return try access(secret, secret == nil ? nil : try await known(secret))
    }

    /// The same without waiting; `nil` where the key has to be looked up first.
    func rememberedAccess(_ text: String?) throws -> Access? {
        guard let text else { return try withoutKey() }
        guard let secret = KeySecret(text) else { return try access(nil, nil) }
        return try remembered(secret.id).map { try access(secret, $0) }
    }

    private func withoutKey() throws(Problem) -> Access {
        guard !wantsKey else {
            throw Problem(
                status: .unauthorized, code: "key_required",
                detail: "a key is wanted, as Authorization: Bearer tm_…")
        }
        return Access(key: nil)
    }

    private func access(_ secret: KeySecret?, _ known: Known?) throws(Problem) -> Access {
        guard let secret, let known, secret.matches(hash: known.hash),
            known.key.state(at: now()) == .active
        else {
            throw Problem(
                status: .unauthorized, code: "unknown_key",
                detail: "the key is not one of this service, or it has ended")
        }
        return Access(account: known.account, key: known.key)
    }

    private func remembered(_ id: String) -> Known? {
        let time = now()
        guard let known = remembered.known.withLock({ $0[id] }),
            time.milliseconds - known.readAt.milliseconds < Self.rememberedMilliseconds,
            time >= known.readAt
        else { return nil }
        return known
    }

    private func known(_ secret: KeySecret?) async throws -> Known? {
        guard let id = secret?.id else { return nil }
        if let known = remembered(id) { return known }
        let time = now()
        let found: Known?
        do {
            found = try await NIOThreadPool.singleton.runIfActive { [keys] in
                try keys.accessKey(id).map {
                    Known(key: $0.key, hash: $0.hash, account: $0.account, readAt: time)
                }
            }
        } catch {
            throw Problem(
                status: .serviceUnavailable, code: "no_ledger",
                detail: "the keys cannot be looked up now")
        }
        remembered.known.withLock { known in
            if known.count >= Self.maximumRemembered { known = [:] }
            known[id] = found
        }
        return found
    }
}

/// The key of a request, wherever a client can put one.
enum GivenKey {
    static let headers = ["authorization", "x-api-key", "x-goog-api-key"]
    /// For clients that cannot set headers.
    static let parameters: Set<Substring> = ["api_key", "key"]

    /// `nil` where there is none; `values` gives those of a header. Throws a 400 for two that differ.
    static func text(
        parameters given: [(Substring, Substring)], _ values: (String) -> [String]
    ) throws(Problem) -> String? {
        var found: Set<String> = []
        for name in headers {
            for value in values(name) {
                found.insert(name == "authorization" ? withoutScheme(value) : value)
            }
        }
        for (name, value) in given where parameters.contains(name) { found.insert(String(value)) }
        guard found.count <= 1 else {
            throw Problem(
                status: .badRequest, code: "several_keys",
                detail: "the request has \(found.count) keys that differ")
        }
        return found.first
    }

    private static func withoutScheme(_ value: String) -> String {
        let scheme = "bearer "
        return value.lowercased().hasPrefix(scheme)
            ? String(value.dropFirst(scheme.count)) : value
    }
}
