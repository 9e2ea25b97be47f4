import JSONBytes
import Pricing

/// What a question came to: one document for programs, one report for people, and what a gate makes
/// of it.
package struct Answer: Sendable {
    /// A remark on a line of a file, or on no file.
    package struct Annotation: Sendable {
        /// Whether it makes the check fail.
        package let isError: Bool
        package let file: String?
        package let line: Int?
        package let title: String
        package let message: String
    }

    /// For exit codes and pipelines; where several hold, a known part that is over wins.
    package enum Verdict: Sendable {
        case done
        case overBudget
        /// Something has no price, or there was nothing to judge.
        case unpriced
        case failed
    }

    /// `savings` of `tokenmeter.savings/1`.
    package let name: String
    package let verdict: Verdict
    /// What a review should show beside the lines of files.
    package var annotations: [Annotation] = []
    private let makeFields: @Sendable () -> JSONObject
    private let makeReport: @Sendable () -> Report

    package init(name: String, fields: JSONObject, report: Report, verdict: Verdict = .done) {
        self.init(name: name, verdict: verdict, fields: { fields }, report: { report })
    }

    /// Of an answer with thousands of rows only what is wanted is made: each whenever it is asked
    /// for.
    package init(
        name: String, verdict: Verdict = .done, fields: @escaping @Sendable () -> JSONObject,
        report: @escaping @Sendable () -> Report
    ) {
        self.name = name
        self.verdict = verdict
        makeFields = fields
        makeReport = report
    }

    package var fields: JSONObject { makeFields() }
    package var report: Report { makeReport() }

    package var document: JSONValue {
        var object = JSONObject(["schema": .string("tokenmeter.\(name)/1")])
        for member in fields.members { object.append(member.key, member.value) }
        return .object(object)
    }

    /// The elements of `rows`, for formats that hold one a line; the document itself where it has
    /// none.
    package var rows: [JSONValue] {
        if case .array(let rows)? = fields["rows"] { return rows }
        return [document]
    }
}

/// A table with what stands above and below it.
package struct Report: Sendable {
    package struct Column: Sendable {
        package enum Alignment: Sendable { case left, right }

        /// The CSV header and a word for machines.
        package let key: String
        package let title: String
        package let alignment: Alignment
        /// Left out where people look.
        package let isForProgramsOnly: Bool
        /// Whether its cells are amounts that can be drawn beside each other, each currency on a
        /// scale of its own.
        package let isMagnitude: Bool

        package init(
            _ key: String, _ title: String? = nil, _ alignment: Alignment = .right,
            isForProgramsOnly: Bool = false, isMagnitude: Bool = false
        ) {
            self.isForProgramsOnly = isForProgramsOnly
            self.isMagnitude = isMagnitude
            self.key = key
            self.title = title ?? key
            self.alignment = alignment
        }
    }

    package struct Cell: Sendable, ExpressibleByStringLiteral {
        /// For people: `¥1,050.00`.
        package let text: String
        /// For programs: `1050.00`.
        package let plain: String
        /// The code of an amount's currency, which programs get in a column of its own.
        package let currency: String?
        /// The dearer end, where `plain` is the cheaper one: programs get both in columns of their own.
        package let plainHigh: String?

        package init(
            _ text: String, plain: String? = nil, plainHigh: String? = nil,
            currency: Currency? = nil
        ) {
            self.text = text
            self.plain = plain ?? text
            self.plainHigh = plainHigh
            self.currency = currency?.code
        }

        package init(stringLiteral value: String) { self.init(value) }
    }

    /// How something went over time, in one unit.
    package struct Trend: Sendable {
        package let label: String
        /// One a part of time; `nil` where there is no amount.
        package let values: [Int128?]
        /// The largest, in words.
        package let peak: String

        package init(label: String, values: [Int128?], peak: String) {
            self.label = label
            self.values = values
            self.peak = peak
        }
    }

    package var title: String
    package var columns: [Column]
    package var rows: [[Cell]]
    /// Sums and gates, under the table.
    package var footer: [[Cell]] = []
    /// Assumptions and sources, a line each.
    package var notes: [String] = []
    /// What a reader must not miss, a line each.
    package var warnings: [String] = []
    /// Which rates: date and digest.
    package var rates: String
    /// Tables behind it that a reader may skip.
    package var details: [Report] = []
    /// By which a comment that holds it is found again; shown nowhere.
    package var marker: String?
    /// Whether the header of the columns is worth printing.
    package var showsHeader = true
    /// Found where somebody looks at a terminal that can draw them, and nowhere else.
    package var trends: @Sendable () throws -> [Trend] = { [] }

    /// The report without what only programs need.
    package var forPeople: Report {
        let shown = columns.indices.filter { !columns[$0].isForProgramsOnly }
        guard shown.count < columns.count else { return self }
        func picked(_ row: [Cell]) -> [Cell] { shown.compactMap { $0 < row.count ? row[$0] : nil } }
        var report = self
        report.columns = shown.map { columns[$0] }
        report.rows = rows.map(picked)
        report.footer = footer.map(picked)
        return report
    }

    package init(title: String, columns: [Column], rows: [[Cell]], rates: String) {
        self.title = title
        self.columns = columns
        self.rows = rows
        self.rates = rates
    }
}
