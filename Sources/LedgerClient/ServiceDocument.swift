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

    /// Amounts, one a currency, none of them converted.
    func amounts(_ key: String) throws -> [Money] {
        guard let list = json[key]?.elements else { throw unreadable }
        let amounts = try list.map { money in
            guard money["converted"] == nil, let amount = money["amount"]?.textValue,
                let attos = DecimalText.parse(amount), let code = money["currency"]?.textValue,
                let currency = try? Currency(code)
            else { throw unreadable }
            return Money(currency: currency, attos: attos)
        }
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
