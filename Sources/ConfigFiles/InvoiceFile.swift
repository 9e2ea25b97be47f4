import Pricing

/// Reads an invoice: comma-separated values with a header of `date` and `amount`, and `model` and
/// `currency` where there are several.
///
/// ```csv
/// date,model,amount,currency
/// 2026-10-01,gpt-4.1,12.34,CNY
/// ```
package struct InvoiceFile {
    static let maximumBytes = ConfigReader.maximumBytes
    private static let columns = ["date", "model", "amount", "currency"]

    private let file: String
    private let collector = FaultCollector()
    private var places: [String: Int] = [:]

    /// Throws `Faults` with every line that is none, each with its file, line and column.
    package static func read(_ text: String, file: String) throws -> Invoice {
        var reader = InvoiceFile(file: file)
        let invoice: Invoice?
        do {
            invoice = try reader.invoice(text)
        } catch let fault as Fault {
            reader.collector.add(fault)
            invoice = nil
        }
        try reader.collector.throwIfAny()
        guard let invoice else { throw Faults([Fault(file: file, line: nil, problem: "no lines")]) }
        return invoice
    }

    private init(file: String) { self.file = file }

    private mutating func invoice(_ text: String) throws -> Invoice? {
        guard text.utf8.count <= Self.maximumBytes else {
            throw Fault(
                file: file, line: nil,
                problem: "more than \(Self.maximumBytes >> 20) MiB; split the file")
        }
        var reader = CSVReader(text, file: file)
        guard let header = try reader.next() else {
            throw Fault(file: file, line: nil, problem: "the file is empty")
        }
        let others = try readHeader(header)
        var lines: [Invoice.Line] = []
        while let record = try reader.next() {
            guard record.fields.count == header.fields.count else {
                fault(
                    record, "",
                    "\(record.fields.count) fields under a header of \(header.fields.count)")
                continue
            }
            if let line = line(record) { lines.append(line) }
        }
        guard !lines.isEmpty else { return nil }
        return Invoice(
            name: file, isByModel: places["model"] != nil, lines: lines, otherColumns: others)
    }

    /// Learns where the columns stand; those that are none of ours.
    private mutating func readHeader(_ header: CSVReader.Record) throws -> [String] {
        var others: [String] = []
        for (place, title) in header.fields.enumerated() {
            let name = Self.trimmed(title).lowercased()
            guard Self.columns.contains(name) else {
                others.append(title)
                continue
            }
            guard places.updateValue(place, forKey: name) == nil else {
                throw Fault(
                    file: file, line: header.line, field: name, problem: "the column is there twice"
                )
            }
        }
        for name in ["date", "amount"] where places[name] == nil {
            throw Fault(
                file: file, line: header.line,
                problem:
                    "no column \(quoted(name)); the header names date, amount, and model and currency where there are several"
            )
        }
        return others
    }

    private func line(_ record: CSVReader.Record) -> Invoice.Line? {
        func field(_ name: String) -> String? {
            places[name].map { Self.trimmed(record.fields[$0]) }
        }
        let date = field("date") ?? ""
        let amount = field("amount") ?? ""
        let day = CivilDate.parse(date.utf8)
        if day == nil { fault(record, "date", "\(quoted(date)) is not a day such as 2026-10-01") }
        let attos = DecimalText.parse(amount)
        let isInRange = (attos?.magnitude ?? 0) <= Self.maximumAttos
        if attos == nil || !isInRange {
            fault(
                record, "amount",
                "\(quoted(amount)) is not a plain decimal such as 12.34, of at most 10¹² units")
        }
        var currency: Currency?
        if let code = field("currency"), !code.isEmpty {
            currency = try? Currency(code)
            if currency == nil {
                fault(
                    record, "currency",
                    "\(quoted(code)) is not a currency; write three capital letters such as USD")
                return nil
            }
        }
        guard let day, let attos, isInRange else { return nil }
        let model = field("model")
        return Invoice.Line(
            day: day, model: model?.isEmpty == true ? nil : model, attos: attos, currency: currency)
    }

    private static let maximumAttos = (1_000_000_000_000 * DecimalText.one).magnitude

    private func fault(_ record: CSVReader.Record, _ field: String, _ problem: String) {
        collector.add(Fault(file: file, line: record.line, field: field, problem: problem))
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" }
        let scalars = text.unicodeScalars.drop(while: isSpace)
        return String(String.UnicodeScalarView(scalars.reversed().drop(while: isSpace).reversed()))
    }
}
