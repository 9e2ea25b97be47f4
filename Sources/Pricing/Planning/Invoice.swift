/// What a channel says it charged, day by day.
package struct Invoice: Sendable {
    package struct Line: Hashable, Sendable {
        package let day: CivilDate
        /// As the channel calls it; `nil` where the line is not of a model.
        package let model: String?
        /// A count of 10⁻¹⁸; below zero what was credited.
        package let attos: Int128
        /// `nil` where it is not said.
        package let currency: Currency?

        package init(day: CivilDate, model: String?, attos: Int128, currency: Currency?) {
            self.day = day
            self.model = model
            self.attos = attos
            self.currency = currency
        }
    }

    /// What it is called, in messages.
    package let name: String
    /// Whether its lines name models.
    package let isByModel: Bool
    package let lines: [Line]
    /// Columns that say nothing to us.
    package let otherColumns: [String]

    package init(name: String, isByModel: Bool, lines: [Line], otherColumns: [String] = []) {
        self.name = name
        self.isByModel = isByModel
        self.lines = lines
        self.otherColumns = otherColumns
    }

    /// Its first and its last day; `nil` where it has no lines.
    package var days: ClosedRange<CivilDate>? {
        guard let first = lines.map(\.day).min(), let last = lines.map(\.day).max() else {
            return nil
        }
        return first...last
    }
}
