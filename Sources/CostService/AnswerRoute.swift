import Accounting
import Pricing

/// A question that is asked by GET with query parameters, or by POST with the same names in a JSON
/// object, in which files of the command line may stand too. The router is built from this table, and a test holds the OpenAPI document against it.
package struct AnswerRoute: Sendable {
    /// What the answer is made from.
    package enum Source: Sendable {
        /// Rates alone; answered at once.
        case rates(@Sendable (PricingContext, AnswerQuestion) throws -> Answer)
        /// The ledger's events, of which a key that is bound to a project sees its own alone;
        /// answered on threads that may wait for the disk.
        case events(
            LedgerRates = .frame, @Sendable (LedgerContext, AnswerQuestion) throws -> Answer)
        /// All of the ledger, which a key that is bound to a project may not ask about.
        case ledger(
            LedgerRates = .frame, @Sendable (ServiceLedger, AnswerQuestion) throws -> Answer)
    }

    /// Behind `/api/v1/`.
    package let path: String
    /// The names that it takes.
    package let names: [String]
    package let source: Source
    /// The names of files that a body may hold as objects.
    package var files: [String] = []
    /// The names of files that a body may hold as texts.
    package var texts: [String] = []
    /// Whether there is no question without such a file: it is asked by POST alone.
    package var wantsFile = false
    /// Whether POST takes another body than these names.
    package var hasOwnBody = false

    package static let all: [AnswerRoute] = [
        AnswerRoute(
            path: "price", names: PriceQuestion.names,
            source: .rates { try $0.price($1.parameters) },
            hasOwnBody: true),
        AnswerRoute(
            path: "forecast", names: ForecastQuestion.names,
            source: .rates { context, question in
                try context.forecast(
                    question.parameters,
                    plan: try question.plan("plan", context)?.map(\.workload))
            }, files: ["plan"]),
        AnswerRoute(
            path: "savings", names: SavingsQuestion.names,
            source: .rates { try $0.savings($1.parameters) }),
        AnswerRoute(
            path: "compare", names: PricingContext.compareNames,
            source: .rates { try $0.compare($1.parameters) }),
        AnswerRoute(
            path: "mix", names: PricingContext.mixNames,
            source: .rates { try $0.mix($1.parameters) }),
        AnswerRoute(
            path: "rates", names: PricingContext.ratesNames,
            source: .rates { try $0.ratesList($1.parameters) }),
        AnswerRoute(
            path: "rates/show", names: PricingContext.ratesNames,
            source: .rates { try $0.ratesShow($1.parameters) }),
        AnswerRoute(
            path: "rates/history", names: PricingContext.ratesNames,
            source: .rates { try $0.ratesHistory($1.parameters) }),
        AnswerRoute(
            path: "rates/match", names: PricingContext.matchNames,
            source: .rates { try $0.ratesMatch($1.parameters) }),
        AnswerRoute(
            path: "rates/diff", names: PricingContext.diffNames,
            source: .rates { try $0.ratesDiff($1.parameters) }),
        AnswerRoute(
            path: "usage", names: LedgerContext.usageNames,
            source: .events { try $0.usage($1.parameters) }),
        AnswerRoute(
            path: "whatif", names: LedgerContext.whatIfNames,
            source: .events(.all) { try $0.whatIf($1.parameters) }),
        AnswerRoute(
            path: "ledger/forecast", names: LedgerContext.forecastNames,
            source: .events { try $0.forecast($1.parameters) }),
        AnswerRoute(
            path: "budgets", names: LedgerContext.budgetsNames,
            source: .ledger {
                try $0.context.budgets($1.parameters, $0.budgets, held: $0.reservations)
            }),
        AnswerRoute(
            path: "check", names: PricingContext.checkNames,
            source: .ledger(.all) { try PricingContext.check($0, $1) },
            files: ["budgets", "base_budgets", "plan", "base_plan"]),
        AnswerRoute(
            path: "ledger/status", names: ["timezone"],
            source: .ledger { ledger, question in
                try question.parameters.refuseUnknown(["timezone"])
                return try ledger.context.status()
            }),
        AnswerRoute(
            path: "ledger/conflicts", names: [],
            source: .ledger { ledger, question in
                try question.parameters.refuseUnknown([])
                return try ledger.context.conflicts()
            }),
        AnswerRoute(
            path: "ledger/verify", names: [],
            source: .ledger { ledger, question in
                try question.parameters.refuseUnknown([])
                return try ledger.context.verify(
                    repairingRollups: false, contentID: question.readers.contentID)
            }),
        AnswerRoute(
            path: "ledger/audit", names: LedgerContext.auditNames,
            source: .ledger {
                try $0.context.audit($1.parameters, invoice: try $1.invoice("invoice"))
            }, texts: ["invoice"]),
        AnswerRoute(
            path: "reconcile", names: LedgerContext.reconcileNames,
            source: .ledger(.all) {
                guard let invoice = try $1.invoice("invoice") else {
                    throw QuestionError.missing(field: "invoice")
                }
                return try $0.context.reconcile($1.parameters, with: invoice, named: "invoice")
            }, texts: ["invoice"], wantsFile: true),
        AnswerRoute(
            path: "ledger/balance", names: LedgerContext.balanceNames,
            source: .ledger { try $0.context.balance($1.parameters) }),
        AnswerRoute(
            path: "ledger/entries", names: LedgerContext.entriesNames,
            source: .ledger { try $0.context.moneyEntries($1.parameters) }),
    ]
}

/// What of the rates an answer of the ledger needs.
package enum LedgerRates: Sendable {
    /// Channels and exchange rates: its events are priced already.
    case frame
    /// All, for events that are priced anew.
    case all
}

/// A ledger as the service has it open.
package struct ServiceLedger: Sendable {
    package let context: LedgerContext
    package let reservations: any BudgetReservations
    /// Those that the service was started with.
    package let budgets: [Budget]

    package init(
        context: LedgerContext, reservations: any BudgetReservations, budgets: [Budget]
    ) {
        self.context = context
        self.reservations = reservations
        self.budgets = budgets
    }
}
