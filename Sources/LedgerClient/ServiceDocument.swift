import Accounting
import JSONBytes
import Pricing

/// A document as a service sent it. Nothing in it is believed: where a field is not as it should
/// be, the whole is refused.
struct ServiceDocument {
    private let json: JSONValue
    private let schema: String
    private let url: String

    /// Throws `RemoteLedgerError.unread` where the bytes are not `tokenmeter.NAME/1`.
    init(_ bytes: [UInt8], named name: String, from url: String) throws {
        schema = "tokenmeter.\(name)/1"
        self.url = url
        do {
            json = try JSONReader.value(of: bytes, numbers: .decimal)
        } catch is JSONError {
            throw RemoteLedgerError.unread(url, .noJSON)
        }
        guard json["schema"]?.textValue == schema else { throw unreadable }
    }

    private init(json: JSONValue, schema: String, url: String) {
        self.json = json
        self.schema = schema
        self.url = url
    }

    private var unreadable: RemoteLedgerError { .unread(url, .otherDocument(wanted: schema)) }

    /// A count of what there is, never below zero.
    func count(_ key: String, orWhereAbsent absent: Int64? = nil) throws -> Int64 {
        switch json[key] {
        case .integer(let count) where count >= 0: return count
        case nil: if let absent { return absent }
        default: break
        }
        throw unreadable
    }

    func flag(_ key: String) throws -> Bool {
        guard case .bool(let flag)? = json[key] else { throw unreadable }
        return flag
    }

    /// `nil` where the service says that there is none: an empty ledger has no newest event.
    func time(_ key: String) throws -> Timestamp? {
        if json[key] == .null { return nil }
        guard let text = json[key]?.textValue, let time = Timestamp.parse(text.utf8) else {
            throw unreadable
        }
        return time
    }

    /// What the document, or a row of one, says was spent.
    func spent(_ amounts: [Money], _ isComplete: Bool) throws -> SpentAmounts {
        SpentAmounts(
            events: try count("requests"), amounts: amounts, isComplete: isComplete,
            unpriced: try count("unpriced_requests", orWhereAbsent: 0),
            unknown: try count("unknown_requests", orWhereAbsent: 0),
            partlyPriced: try count("partly_priced_requests", orWhereAbsent: 0))
    }

    /// The rows of usage by day; a day has a row for each currency.
    func days() throws -> [CivilDate: SpentAmounts] {
        guard let rows = json["rows"]?.elements, json["more_rows"] == nil else { throw unreadable }
        var days: [CivilDate: SpentAmounts] = [:]
        for row in rows {
            guard let text = row["day"]?.textValue, let day = CivilDate.parse(text.utf8) else {
                throw unreadable
            }
            let document = ServiceDocument(json: row, schema: schema, url: url)
            let (cost, least) = (row["cost"], row["cost_at_least"])
            let isComplete = cost != nil && cost != .null
            let amounts = try (isComplete ? cost : least).map { [try money($0)] } ?? []
            let spent = try document.spent(amounts, isComplete)
            days[day] = try days[day].map { try $0.adding(spent) } ?? spent
        }
        return days
    }

    private func money(_ money: JSONValue) throws -> Money {
        guard money["converted"] == nil, let amount = money["amount"]?.textValue,
            let attos = DecimalText.parse(amount), let code = money["currency"]?.textValue,
            let currency = try? Currency(code)
        else { throw unreadable }
        return Money(currency: currency, attos: attos)
    }

    /// Amounts, one a currency, none of them converted.
    func amounts(_ key: String) throws -> [Money] {
        guard let list = json[key]?.elements else { throw unreadable }
        let amounts = try list.map(money)
        guard Set(amounts.map(\.currency)).count == amounts.count else { throw unreadable }
        return amounts
    }

    /// Throws where it speaks of another range or other events: a cache may have kept an answer.
    func require(from: Timestamp, to: Timestamp, matching filter: EventFilter) throws {
        let range = json["range"]
        let conditions = json["where"].map { EventFilter($0) } ?? EventFilter()
        guard range?["since"]?.textValue == from.text, range?["until"]?.textValue == to.text,
            conditions == filter
        else { throw unreadable }
    }
}
