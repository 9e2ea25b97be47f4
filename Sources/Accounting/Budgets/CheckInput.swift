import Pricing

/// What budgets are held against, and what it is compared with.
package struct CheckInput: Sendable {
    /// A file as it is without the change that is checked.
    package enum Base<Content: Sendable>: Sendable {
        case notAsked
        /// There is no such file: everything is new.
        case missing(String)
        case read(Content)

        package var content: Content? {
            if case .read(let content) = self { content } else { nil }
        }
    }

    package enum Ledger: Sendable {
        case here(LedgerContext)
        /// A service's.
        case elsewhere(any SpendingSource)
    }

    package let budgets: [Budget]
    package let baseBudgets: Base<[Budget]>
    package let plan: [PlannedWorkload]?
    package let basePlan: Base<[PlannedWorkload]>
    package let ledger: Ledger?
    /// Why there is no ledger.
    package let missingLedger: String?

    package init(
        budgets: [Budget], baseBudgets: Base<[Budget]> = .notAsked, plan: [PlannedWorkload]?,
        basePlan: Base<[PlannedWorkload]> = .notAsked, ledger: Ledger? = nil,
        missingLedger: String? = nil
    ) {
        self.budgets = budgets
        self.baseBudgets = baseBudgets
        self.plan = plan
        self.basePlan = basePlan
        self.ledger = ledger
        self.missingLedger = missingLedger
    }

    /// The budgets that judge: those of the base where it has them, so that a change cannot raise its
    /// own limits, and those that the change adds.
    var judging: [Budget] {
        guard let base = baseBudgets.content else { return budgets }
        let known = Set(base.map(\.name))
        // A review remarks on the file of the change, where that has the budget too.
        let standing = base.map { budget in
            var budget = budget
            budget.place =
                budgets.first { $0.name == budget.name }?.place ?? budget.place
            return budget
        }
        return standing + budgets.filter { !known.contains($0.name) }
    }

    /// What the change does to the budgets, in words.
    var budgetChanges: [BudgetChange] {
        guard let base = baseBudgets.content else { return [] }
        var changes: [BudgetChange] = []
        for old in base {
            guard let new = budgets.first(where: { $0.name == old.name }) else {
                changes.append(
                    BudgetChange(budget: old.name, field: "budget", base: "there", head: nil))
                continue
            }
            for (one, other) in zip(old.fields, new.fields) where one.text != other.text {
                changes.append(
                    BudgetChange(
                        budget: old.name, field: one.name, base: one.text, head: other.text))
            }
        }
        let known = Set(base.map(\.name))
        for new in budgets where !known.contains(new.name) {
            changes.append(
                BudgetChange(budget: new.name, field: "budget", base: nil, head: "there"))
        }
        return changes
    }
}

/// A field of a budget that differs; `nil` where the budget is not there.
struct BudgetChange: Sendable {
    let budget: String
    let field: String
    let base: String?
    let head: String?

    var note: String {
        switch (base, head) {
        case (_, nil): "budget \(budget) is removed; it is judged as long as the base has it"
        case (nil, _): "budget \(budget) is new"
        case (let base?, let head?):
            "budget \(budget): \(field) changes from \(base) to \(head); it is judged by the base's"
        }
    }
}

extension Budget {
    fileprivate var fields: [(name: String, text: String)] {
        [
            ("limit", "\(limit.amountText)\(limit.currency.code)"), ("period", period.rawValue),
            ("on", basis.rawValue), ("warn", DecimalText.text(warnShare.attos)),
            ("zone", zone ?? "none"),
            (
                "where",
                filter.isEmpty
                    ? "everything"
                    : filter.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                        .joined(separator: " ")
            ),
            ("fx", fx.map { "\($0.base.code)/\($0.quote.code)=\($0.rateText)" } ?? "none"),
        ]
    }
}

/// By how much a change may raise what a plan costs a month.
enum AllowedIncrease: Sendable {
    /// In 10⁻¹⁸ of the base.
    case share(Int128)
    case amount(Money)

    init(parsing text: String) throws(PricingError) {
        if text.hasSuffix("%") {
            guard let percent = DecimalText.parse(text.utf8.dropLast()), percent >= 0,
                percent <= 1_000_000 * DecimalText.one, percent % 100 == 0
            else {
                throw .malformed(
                    what: "increase", text: text,
                    wanted: "a percentage or an amount, such as 10% or 50USD")
            }
            self = .share(percent / 100)
        } else {
            let amount = try Money(parsing: text)
            guard amount.attos >= 0 else {
                throw .malformed(
                    what: "increase", text: text,
                    wanted: "a percentage or an amount, such as 10% or 50USD")
            }
            self = .amount(amount)
        }
    }

    var text: String {
        switch self {
        case .share(let share): "\(DecimalText.text(share * 100))%"
        case .amount(let money): money.display
        }
    }
}
