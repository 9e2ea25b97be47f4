import JSONBytes
import Pricing

// The shapes that several documents share.

extension Money {
    /// `{"amount":"80.00","currency":"USD"}`
    package var json: JSONValue {
        .object(["amount": .string(amountText), "currency": .string(currency.code)])
    }

    /// `¥1,050.00`: exact, with separators between thousands.
    package var display: String {
        let text = amountText
        let digits = text.hasPrefix("-") ? String(text.dropFirst()) : text
        return (attos < 0 ? "-" : "") + currency.sign + Count.groupedDigits(digits)
    }

    /// Rounded half to even to the currency's minor digits from one unit up, to 10⁻⁶ below.
    var roundedDisplay: String {
        let digits =
            attos.magnitude >= DecimalText.one.magnitude || attos == 0 ? currency.minorDigits : 6
        var step: Int128 = 1
        for _ in digits..<DecimalText.scaleDigits { step *= 10 }
        guard let steps = try? ExactDivision.halfEven(attos, times: 1, over: step) else {
            return display
        }
        return Money(currency: currency, attos: steps * step).display
    }
}

extension ShownMoney {
    var json: JSONValue {
        guard isConverted else { return money.json }
        return .object([
            "amount": .string(money.amountText), "currency": .string(money.currency.code),
            "converted": true,
        ])
    }

    /// An exact amount in full; a converted one, which is rounded anyway, to the cent.
    var display: String { isConverted ? money.roundedDisplay : money.display }

    var cell: Report.Cell {
        Report.Cell(display, plain: money.amountText, currency: money.currency)
    }
}

extension Report.Cell {
    init(_ money: Money) {
        self.init(money.display, plain: money.amountText, currency: money.currency)
    }
    init(_ count: Int64) { self.init(Count.short(count), plain: String(count)) }

    /// A sum may be past `Int64`.
    init(_ sum: Int128) {
        let text = Int64(exactly: sum).map(Count.short) ?? Count.groupedDigits(String(sum))
        self.init(text, plain: String(sum))
    }
}

extension Usage {
    /// `{"input":1000,"cached_input":200}`: the meters above zero.
    package var json: JSONValue {
        var object = JSONObject()
        for meter in meters { object.append(meter.name, .integer(self[meter])) }
        return .object(object)
    }
}

extension FXRate {
    var json: JSONValue {
        .object([
            "pair": .string("\(base.code)/\(quote.code)"), "rate": .string(rateText),
            "date": .optional(date?.text), "source": .string(source),
        ])
    }

    var note: String {
        let day = date.map { " of \($0.text)" } ?? ""
        return "converted at \(base.code)/\(quote.code) = \(rateText)\(day) (\(source))"
    }
}

extension Exchange {
    var json: JSONValue? { used.isEmpty ? nil : .array(used.map(\.json)) }
    var notes: [String] { used.map(\.note) }
}

extension Catalog {
    var json: JSONValue {
        .object(["digest": .string(digest), "date": .optional(date?.text)])
    }

    /// `rates 2026-11-22 (3f9a51c0…)`
    package var label: String { "rates \(date?.text ?? "undated") (\(digest.prefix(8))…)" }
}

extension Rate {
    /// For a column: `$2.00`, which is per million, `$10.00 per 1k`, `free`.
    var cell: Report.Cell {
        let text = isFree ? "free" : quotedUnits == 1_000_000 ? quote.display : display
        return Report.Cell(text, plain: quote.amountText, currency: quote.currency)
    }

    var json: JSONValue {
        .object([
            "amount": .string(quote.amountText), "currency": .string(quote.currency.code),
            "per": .integer(quotedUnits),
        ])
    }

    /// `$8.00 per 1M`
    var display: String {
        isFree ? "free" : "\(quote.display) per \(Self.units(quotedUnits))"
    }

    private static func units(_ count: Int64) -> String {
        if count % 1_000_000 == 0 { return Count.grouped(count / 1_000_000) + "M" }
        if count % 1000 == 0 { return Count.grouped(count / 1000) + "k" }
        return Count.grouped(count)
    }
}

extension CatalogLine {
    /// The line as an answer names it: enough to find it and to hold its source against the price.
    var json: JSONValue {
        .object([
            "id": .string(line.id), "channel": .string(line.channel), "model": .string(line.model),
            "currency": .string(line.currency.code),
            "conditions": line.conditions.text.isEmpty ? nil : .string(line.conditions.text),
            "valid_from": .string(line.validFrom.text),
            "source": .string(publication.source), "checked": .string(publication.checked.text),
            "claim": publication.claim.map(JSONValue.string),
            "allowance": allowance.map(JSONValue.string), "note": note.map(JSONValue.string),
        ])
    }

    /// The same without what the document around it says already, and without the note, which
    /// `rates show` prints.
    var briefJSON: JSONValue {
        guard case .object(let object) = json else { return .null }
        return .object(
            object.without("channel").without("model").without("currency").without("note"))
    }

    /// What the seller's word and a free allowance mean for an answer.
    var warnings: [String] {
        allowance.map { ["not taken into account: \($0) (\(line.model) on \(line.channel))"] } ?? []
    }
}

extension Timestamp {
    /// For a column: `2026-10-31`, or `2026-10-31 16:00` in UTC.
    var cell: Report.Cell {
        let short = "\(utcDate.text) \(text.dropFirst(11).prefix(5))"
        return Report.Cell(milliseconds % 86_400_000 == 0 ? utcDate.text : short, plain: text)
    }
}

extension RateConditions {
    /// For a table: `batch`, `>200,000 input`, `mon-fri 01:00-04:00 UTC`.
    var display: String {
        var parts: [String] = []
        if serviceTier != Self.standardTier { parts.append(serviceTier) }
        if let aboveInput { parts.append(">\(Count.grouped(aboveInput)) input") }
        if let aboveOutput { parts.append(">\(Count.grouped(aboveOutput)) output") }
        if let window { parts.append(window.display) }
        for (key, value) in when.sorted(by: { $0.key < $1.key }) { parts.append("\(key)=\(value)") }
        return parts.joined(separator: ", ")
    }
}

extension TimeWindow {
    /// `mon-fri 01:00-04:00, 06:00-10:00 UTC`
    var display: String {
        let days = Weekday.allCases.filter(weekdays.contains)
        let spans = hours.map { "\($0.start.text.prefix(5))-\($0.end.text.prefix(5))" }
        let label: String
        switch days {
        case Weekday.allCases: label = ""
        case [.mon, .tue, .wed, .thu, .fri]: label = "mon-fri "
        case [.sat, .sun]: label = "sat-sun "
        default: label = days.map(\.rawValue).joined(separator: ",") + " "
        }
        return "\(label)\(spans.joined(separator: ", ")) \(zone)"
    }
}

extension MeterSet {
    var names: [String] { map(\.name) }
}

/// In the order of their first appearance, each once.
func unique(_ texts: [String]) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
}
