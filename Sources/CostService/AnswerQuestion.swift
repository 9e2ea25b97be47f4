import Accounting
import JSONBytes
import Pricing

/// What was asked: names with their texts, and files of the command line as values of a JSON body.
package struct AnswerQuestion: Sendable {
    package let parameters: Parameters
    let files: [String: JSONValue]
    let readers: FileReaders

    /// The budgets of a file, where it is there.
    func budgets(_ name: String) throws -> [Budget]? {
        try file(name) { try readers.budgets($0, $1) }
    }

    /// The workloads of a plan, where it is there.
    func plan(_ name: String, _ context: PricingContext) throws -> [PlannedWorkload]? {
        try file(name) { try readers.plan($0, $1, parameters, context) }
    }

    /// The lines of an invoice, where it is there.
    func invoice(_ name: String) throws -> Invoice? {
        try file(name) { text, _ in try readers.invoice(text, name) }
    }

    private func file<T>(_ name: String, _ read: (String, String) throws -> T) throws -> T? {
        guard let value = files[name] else { return nil }
        do {
            return try read(
                value.textValue ?? String(decoding: value.compactBytes, as: UTF8.self),
                "\(name).json")
        } catch let error as QuestionError {
            throw error
        } catch {
            throw QuestionError.invalid(field: name, problem: "\(error)")
        }
    }
}

/// How files are read, and lines named: the program's own ways, so that an answer is the same as the
/// command line's. Each gets a text and the name that faults tell.
package struct FileReaders: Sendable {
    package typealias Budgets = @Sendable (_ text: String, _ file: String) throws -> [Budget]
    package typealias Plan =
        @Sendable (
            _ text: String, _ file: String, _ question: Parameters, _ context: PricingContext
        ) throws -> [PlannedWorkload]
    package typealias Invoices = @Sendable (_ text: String, _ file: String) throws -> Invoice

    let budgets: Budgets
    let plan: Plan
    let invoice: Invoices
    /// The id that a rate line's content has.
    let contentID: @Sendable (RateLine) -> String

    package init(
        budgets: @escaping Budgets, plan: @escaping Plan, invoice: @escaping Invoices,
        contentID: @escaping @Sendable (RateLine) -> String
    ) {
        self.budgets = budgets
        self.plan = plan
        self.invoice = invoice
        self.contentID = contentID
    }
}

extension PricingContext {
    /// Budgets of the question, else the service's own, against a plan of the question and the ledger.
    static func check(_ ledger: ServiceLedger, _ question: AnswerQuestion) throws -> Answer {
        let context = ledger.context.pricing
        let budgets = try question.budgets("budgets") ?? ledger.budgets
        guard !budgets.isEmpty else { throw QuestionError.missing(field: "budgets") }
        return try context.check(
            question.parameters,
            CheckInput(
                budgets: budgets,
                baseBudgets: try question.budgets("base_budgets").map(CheckInput.Base.read)
                    ?? .notAsked, plan: try question.plan("plan", context),
                basePlan: try question.plan("base_plan", context).map(CheckInput.Base.read)
                    ?? .notAsked, ledger: .here(ledger.context)))
    }
}
