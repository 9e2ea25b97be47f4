import Foundation
import Testing

/// Reads documents for tests. Amounts are text in them, so nothing here turns money into a binary
/// fraction.
enum JSON {
    static func object(_ data: Data) throws -> [String: any Sendable] {
        let value = try JSONSerialization.jsonObject(with: data)
        return try #require(value as? [String: any Sendable])
    }

    static func object(_ line: String) throws -> [String: any Sendable] {
        try object(Data(line.utf8))
    }
}

extension [String: any Sendable] {
    func object(_ key: String) throws -> [String: any Sendable] {
        try #require(self[key] as? [String: any Sendable], "no object \(key)")
    }

    func objects(_ key: String) throws -> [[String: any Sendable]] {
        let list = try #require(self[key] as? [Any], "no list \(key)")
        return list.compactMap { $0 as? [String: any Sendable] }
    }

    func string(_ key: String) -> String? { self[key] as? String }

    func integer(_ key: String) -> Int? { self[key] as? Int }

    /// `80.00 USD`; an amount that was converted ends with `*`; `nil` for anything that is no
    /// money.
    func money(_ key: String) -> String? {
        guard let money = self[key] as? [String: any Sendable],
            let amount = money["amount"] as? String, let currency = money["currency"] as? String
        else { return nil }
        return "\(amount) \(currency)" + (money["converted"] as? Bool == true ? "*" : "")
    }

    func isNull(_ key: String) -> Bool { self[key] is NSNull }
}
