/// A limit of money per calendar period, over workloads that a filter picks.
package struct Budget: Sendable {
    package enum Period: String, CaseIterable, Sendable { case day, week, month, quarter, year }
    package enum Basis: String, CaseIterable, Sendable { case plan, actual, forecast }

    package let name: String
    package let limit: Money
    package let period: Period
    package let basis: Basis
    /// Whether the relay refuses what could pass it.
    package let isHard: Bool
    /// From this share of the limit on it warns.
    package let warnShare: Share
    /// Field → glob: `model`, `channel`, `name`, `project`.
    package let filter: [String: String]
    /// The IANA zone in which its periods begin; `nil` for that of the question.
    package let zone: String?
    /// What holds it against amounts of another currency, before any other rate.
    package let fx: FXRate?
    /// Where it is written.
    package var place: Place?

    package struct Place: Sendable {
        package let file: String
        package let line: Int

        package init(file: String, line: Int) {
            self.file = file
            self.line = line
        }
    }

    package init(
        name: String, limit: Money, period: Period, basis: Basis, isHard: Bool = false,
        warnShare: Share, filter: [String: String], zone: String? = nil, fx: FXRate? = nil,
        place: Place? = nil
    ) {
        self.zone = zone
        self.fx = fx
        self.place = place
        self.name = name
        self.limit = limit
        self.period = period
        self.basis = basis
        self.isHard = isHard
        self.warnShare = warnShare
        self.filter = filter
    }
}

/// A plan's workload with the attributes that budgets filter by.
package struct PlannedWorkload: Sendable {
    package let workload: Workload
    package let project: String?

    package init(workload: Workload, project: String?) {
        self.workload = workload
        self.project = project
    }
}

extension Budget.Period {
    /// How many months of a plan it spans; a day and a week lie within one.
    package var months: Int {
        switch self {
        case .day, .week, .month: 1
        case .quarter: 3
        case .year: 12
        }
    }

    /// The period's part of what its months cost, half to even at 10⁻¹⁸.
    package func portion(of months: Money, daysPerMonth: Int64) throws(PricingError) -> Money {
        switch self {
        case .day: try months.scaled(by: 1, over: Int128(daysPerMonth))
        case .week: try months.scaled(by: 7, over: Int128(daysPerMonth))
        case .month, .quarter, .year: months
        }
    }
}

extension PlannedWorkload {
    package func matches(_ filter: [String: String]) -> Bool {
        filter.allSatisfy { field, glob in
            let value: String? =
                switch field {
                case "model": workload.purchase.model
                case "channel": workload.purchase.channel
                case "name": workload.name
                case "project": project
                default: nil
                }
            return value.map { Glob.matches(glob.utf8, $0.utf8) } ?? false
        }
    }
}
