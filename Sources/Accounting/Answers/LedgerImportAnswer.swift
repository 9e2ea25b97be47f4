import JSONBytes
import Pricing

extension LedgerContext {
    /// What an import did.
    package func imported(
        _ outcome: EventImport, files: Int, from name: String, isDryRun: Bool = false
    ) -> Answer {
        let words: [(AppendOutcome, String)] = [
            (.new, "new"), (.same, "same"), (.superseded, "superseded"), (.outranked, "outranked"),
            (.conflict, "conflict"),
        ]
        var fields = JSONObject([
            "from": .string(name), "files": .integer(Int64(files)),
            "database": .string(ledger.location), "dry_run": .bool(isDryRun),
            "events": .integer(outcome.events),
        ])
        for (key, word) in words { fields.append(word, .integer(outcome.outcomes[key] ?? 0)) }
        fields.append("skipped", .integer(outcome.skipped))
        fields.append("failed_files", .integer(outcome.failedFiles))
        fields.append("unpriced", .integer(outcome.unpriced))
        fields.append("volumes", .integer(outcome.volumes))
        fields.append("problems", .array(outcome.problems.map(JSONValue.string)))
        var rows: [[Report.Cell]] = [["events", Report.Cell(Count.grouped(outcome.events))]]
        for (key, word) in words where !isDryRun {
            rows.append([
                Report.Cell("  \(word)"),
                Report.Cell(Count.grouped(outcome.outcomes[key] ?? 0)),
            ])
        }
        rows.append(["skipped", Report.Cell(Count.grouped(outcome.skipped))])
        var report = Report(
            title:
                "\(isDryRun ? "would import" : "imported") from \(name), \(Count.grouped(Int64(files))) files",
            columns: [Report.Column("what", nil, .left), Report.Column("count")], rows: rows,
            rates: pricing.label(at: pricing.now))
        report.showsHeader = false
        report.warnings = Self.warnings(outcome)
        if outcome.events == 0, outcome.problems.isEmpty {
            report.notes.append("no usage was found that \(name) writes")
        }
        return Answer(
            name: "ledger-import", fields: fields, report: report,
            verdict: outcome.failedFiles > 0 ? .failed : .done)
    }

    private static func warnings(_ outcome: EventImport) -> [String] {
        var warnings = outcome.problems
        let untold = outcome.skipped + outcome.failedFiles - Int64(outcome.problems.count)
        if untold > 0 { warnings.append("\(Count.grouped(untold)) more were skipped") }
        if outcome.failedFiles > 0 {
            warnings.append(
                "\(Count.grouped(outcome.failedFiles)) of the files could not be read to their end"
            )
        }
        if outcome.unpriced > 0 {
            warnings.append(
                "\(Count.grouped(outcome.unpriced)) have no rate line, and their cost is unknown")
        }
        if outcome.volumes > 0 {
            warnings.append(
                "\(Count.grouped(outcome.volumes)) are volumes of several requests, priced in the base band whatever the size of each was"
            )
        }
        if let count = outcome.outcomes[.conflict], count > 0 {
            warnings.append(
                "\(Count.grouped(count)) came under the id of another event; they are in no total")
        }
        return warnings
    }
}
