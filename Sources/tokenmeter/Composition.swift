import Accounting
import ConfigFiles
import CostService
import Foundation
import LedgerClient
import Logging
import MeteringRelay
import Pricing
import ProviderUsage
import RateCatalog
import SQLiteStore
import StreamClient

/// Puts the parts together: the only place that knows which store, clock and zones are live.
enum Composition {
    /// Which models and channels a command asks about; the rest of the rates is left unread.
    struct Scope {
        let models: [String]
        let channels: [String]
    }

    /// The answer to a question about a few models. What those cannot answer is asked of all rates:
    /// only they know the nearest names, and who else sells a model.
    static func answer(
        _ options: GlobalOptions, about scope: Scope,
        _ question: (PricingContext) throws -> Answer
    ) throws -> Answer {
        let (context, isPart) = try loaded(options, scope)
        do {
            return try question(context)
        } catch let error as PricingError {
            guard isPart else { throw error }
            return try question(try Self.context(options))
        }
    }

    /// The context of a pricing command. What had to be done without is said once on stderr.
    static func context(_ options: GlobalOptions) throws -> PricingContext {
        try loaded(options, nil).context
    }

    /// The same from the shipped rates alone; no database is looked for, and none is made.
    static func contextWithoutDatabase(_ options: GlobalOptions) throws -> PricingContext {
        PricingContext(
            book: RateBook(try CatalogReader.read(RateFile.embedded), zones: SystemTimeZones()),
            now: now(), zone: options.timezone ?? SystemTimeZones.current)
    }

    private static func loaded(
        _ options: GlobalOptions, _ scope: Scope?
    ) throws -> (context: PricingContext, isPart: Bool) {
        let (catalog, isPart) = try catalog(options, scope)
        let zones = SystemTimeZones()
        let context = PricingContext(
            book: RateBook(catalog, zones: zones), now: now(),
            zone: options.timezone ?? SystemTimeZones.current)
        return (context, isPart)
    }

    /// What the ledger's answers need: the store, and of the rates their channels and exchange rates
    /// alone.
    static func ledger(_ options: GlobalOptions) throws -> LedgerContext {
        let (store, files) = try openLedger(options)
        return ledger(options, try frame(of: files, in: store), store)
    }

    private static func frame(of files: [RateFile], in store: SQLiteStore) throws -> Catalog {
        let digest = CatalogReader.digest(of: files)
        if let known = try store.frame(digest: digest) { return known }
        try store.load(try CatalogReader.read(files))
        return try store.frame(digest: digest) ?? CatalogReader.read(files)
    }

    /// The same with all rates, for events that are to be priced.
    static func ledgerWithRates(_ options: GlobalOptions) throws -> LedgerContext {
        let (store, files) = try openLedger(options)
        return ledger(options, try catalog(files, in: store, nil).0, store)
    }

    /// What the service works on.
    struct Service: Sendable {
        let keys: any AccessKeys
        /// Rates as they were at the start, at this moment.
        let context: @Sendable () -> PricingContext
        let ledger: @Sendable (LedgerRates) throws -> ServiceLedger
        let writer: @Sendable () throws -> ServiceLedger

        func hasNoKeys() throws -> Bool {
            try keys.accessKeys(account: LedgerContext.defaultAccount).isEmpty
        }
    }

    /// Questions open the ledger anew, as each command does: a ledger that was put in its place, and
    /// rates that were added, count at once. What writes shares one, so that events of many requests
    /// share a transaction.
    static func service(_ options: GlobalOptions, budgets: [Budget]) throws -> Service {
        let start = try context(options)
        let now: @Sendable () -> PricingContext = {
            PricingContext(book: start.book, now: Composition.now(), zone: start.zone)
        }
        let store = try SQLiteStore(path: try databasePath(options))
        return Service(
            keys: store, context: now,
            ledger: { rates in
                let (opened, files) = try openLedger(options)
                let context: LedgerContext
                switch rates {
                case .frame: context = ledger(options, try frame(of: files, in: opened), opened)
                // Those of the start, unless others were added since.
                case .all where CatalogReader.digest(of: files) == start.book.digest:
                    context = LedgerContext(now(), ledger: opened)
                case .all:
                    context = ledger(options, try catalog(files, in: opened, nil).0, opened)
                }
                return ServiceLedger(context: context, reservations: opened, budgets: budgets)
            },
            writer: {
                try refuseRatesOfAFolder(options)
                return ServiceLedger(
                    context: LedgerContext(now(), ledger: store), reservations: store,
                    budgets: budgets)
            })
    }

    /// What a relay works on, over the service's own ledger.
    static func relay(
        _ setup: RelaySetup, _ service: Service, budgets: [Budget], gate: any RelayGate,
        log: AccessLog?, logger: Logger
    ) throws -> ServedRelay {
        // Asked here once, so that a relay over rates that its ledger cannot keep does not start.
        _ = try service.writer()
        let writer = EventWriter(logger: logger) {
            let ledger = try service.writer()
            return RelayLedger(ledger.context, ledger.reservations)
        }
        let watch = BudgetWatch(
            budgets, writer: writer, owner: EventID(mintedAt: now()).text)
        let relay = try Relay(
            setup.settings, gate: gate, writer: writer, budgets: watch,
            recording: setup.recording, log: log, logger: logger, rates: service.context)
        return ServedRelay(relay, writer, watch, shutdownSeconds: setup.shutdownSeconds)
    }

    /// The keys of the service that works on this ledger.
    static func keys(_ options: GlobalOptions) throws -> KeyContext {
        let (store, files) = try openLedger(options)
        return KeyContext(
            ledger(options, try catalog(files, in: store, nil).0, store).pricing, keys: store)
    }

    /// The same ledger, asked at this moment.
    static func now(of context: LedgerContext) -> LedgerContext {
        let pricing = PricingContext(
            book: context.pricing.book, now: now(), zone: context.pricing.zone)
        return LedgerContext(pricing, ledger: context.ledger, account: context.account)
    }

    private static func ledger(
        _ options: GlobalOptions, _ catalog: Catalog, _ store: SQLiteStore
    ) -> LedgerContext {
        let pricing = PricingContext(
            book: RateBook(catalog, zones: SystemTimeZones()), now: now(),
            zone: options.timezone ?? SystemTimeZones.current)
        return LedgerContext(pricing, ledger: store)
    }

    /// The ledger of a tokenmeter service, by the value of `--ledger-url`. The key comes from
    /// `$TOKENMETER_KEY`, where CI keeps its secrets: a flag would show it to every process here.
    static func remoteLedger(url: String) throws -> RemoteLedger {
        let key = ProcessInfo.processInfo.environment[RemoteLedger.keyVariable] ?? ""
        do {
            return try RemoteLedger(url: url, key: key.isEmpty ? nil : key)
        } catch RemoteLedgerError.unusable(let problem) {
            throw QuestionError.invalid(field: "--ledger-url", problem: problem)
        }
    }

    /// Rates of a folder never meet the ledger: an event's line must stay where its event is.
    private static func refuseRatesOfAFolder(_ options: GlobalOptions) throws(QuestionError) {
        guard options.pricingData == nil else {
            throw QuestionError.invalid(
                field: "--pricing-data",
                problem: "the ledger keeps to its own rates; rates add brings others in")
        }
    }

    private static func openLedger(
        _ options: GlobalOptions
    ) throws -> (SQLiteStore, [RateFile]) {
        try refuseRatesOfAFolder(options)
        let store = try SQLiteStore(path: try databasePath(options))
        let added = try store.addedFiles().map {
            RateFile(name: $0.name, text: $0.text, isOwn: true)
        }
        return (store, RateFile.embedded + added)
    }

    static func now() -> Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// The tables named with `--pricing-data`, else the shipped ones with what users added to the
    /// database.
    private static func catalog(
        _ options: GlobalOptions, _ scope: Scope?
    ) throws -> (Catalog, isPart: Bool) {
        if let folder = options.pricingData {
            return (try CatalogReader.read(try RateFolder.files(in: folder)), false)
        }
        var added: [RateFile] = []
        do {
            let store = try SQLiteStore(path: try databasePath(options))
            added = try store.addedFiles().map {
                RateFile(name: $0.name, text: $0.text, isOwn: true)
            }
            return try catalog(RateFile.embedded + added, in: store, scope)
        } catch let error as StoreError where error.allowsMemory {
            Terminal.note("note: \(error); this command keeps the rates in memory")
            return (try CatalogReader.read(RateFile.embedded + added), false)
        }
    }

    private static func catalog(
        _ files: [RateFile], in store: some RateTable, _ scope: Scope?
    ) throws -> (Catalog, isPart: Bool) {
        let digest = CatalogReader.digest(of: files)
        if let scope, !scope.models.isEmpty || !scope.channels.isEmpty {
            let part = try store.catalog(
                digest: digest, naming: scope.models, on: scope.channels)
            if let part { return (part, true) }
        }
        if let known = try store.catalog(digest: digest) { return (known, false) }
        let catalog = try CatalogReader.read(files)
        try store.load(catalog)
        return (catalog, false)
    }

    /// Keeps a user's rate file beside the shipped tables, once all of them hold together.
    static func add(_ file: RateFile, from path: String, _ options: GlobalOptions) throws -> (
        Catalog, isNew: Bool
    ) {
        let store = try SQLiteStore(path: try databasePath(options))
        let added = try store.addedFiles()
        let others = added.filter { $0.name != file.name }.map {
            RateFile(name: $0.name, text: $0.text, isOwn: true)
        }
        let files = RateFile.embedded + others + [file]
        let faults = CatalogReader.faults(in: files)
        guard faults.isEmpty else {
            // Told by the path that the user knows.
            throw Faults(
                faults.map { fault in
                    let name = fault.file == file.name ? path : fault.file
                    return Fault(
                        file: name, line: fault.line, field: fault.field, problem: fault.problem)
                })
        }
        let catalog = try CatalogReader.read(files)
        let isNew = !added.contains(AddedRateFile(name: file.name, text: file.text))
        if isNew { try store.add(AddedRateFile(name: file.name, text: file.text), making: catalog) }
        return (catalog, isNew)
    }

    /// Over what a chat asks.
    ///
    /// Throws `ChatError`.
    static func transport(_ setup: ChatSetup) throws -> ChatSession.Transport {
        do {
            guard setup.endpoint.api == .webSocketChat else {
                return .streaming(
                    StreamingChat(
                        setup.endpoint, client: try HTTPStreamClient(setup.settings),
                        settings: setup.settings, clock: chatClock))
            }
            return .webSocket(
                WebSocketChat(
                    setup.endpoint, client: try WebSocketClient(setup.settings), clock: chatClock))
        } catch {
            guard case .systemAnd(let file) = setup.settings.trust else { throw error }
            throw ChatError.unreadableCertificates(file)
        }
    }

    static let chatClock = ChatClock { now() }

    /// Beside the database that commands use: a demo never meets what is real.
    static func demoPath() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            return data + "/tokenmeter/demo.db"
        }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw StoreError.cannotOpen(
                "in the home folder", reason: "HOME is not set; name one with --database")
        }
        return home + "/.local/share/tokenmeter/demo.db"
    }

    /// `--database`, `$TOKENMETER_DATABASE`, or the XDG data folder.
    static func databasePath(_ options: GlobalOptions) throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let path = options.database ?? environment["TOKENMETER_DATABASE"], !path.isEmpty {
            return path
        }
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            return data + "/tokenmeter/ledger.db"
        }
        guard let home = environment["HOME"], !home.isEmpty else {
            throw StoreError.cannotOpen(
                "in the home folder", reason: "HOME is not set; name one with --database")
        }
        return home + "/.local/share/tokenmeter/ledger.db"
    }
}
