import Accounting
import JSONBytes
import Pricing

/// What the ledger of a tokenmeter service says was spent, so that a budget can be judged where
/// there is no database.
///
/// It waits for each answer, and must not be asked on an event loop.
package struct RemoteLedger: SpendingSource {
    /// Where a key is looked for, as errors name it.
    package static let keyVariable = "TOKENMETER_KEY"

    private let address: ServiceAddress
    private let connection: ServiceConnection

    /// `url` is where the service is, such as `https://costs.example.com`; `key` may read there.
    ///
    /// Throws `RemoteLedgerError.unusable` without asking anybody.
    package init(url: String, key: String?, limits: ServiceLimits = ServiceLimits()) throws {
        address = try ServiceAddress(url)
        connection = ServiceConnection(key: try key.map(ServiceKey.init), limits: limits)
    }

    package func status() throws -> SpendingStatus {
        let document = try document("ledger-status", at: "ledger/status", [])
        return SpendingStatus(
            events: try document.count("events"), newest: try document.time("newest"),
            conflicts: try document.count("conflicts", orWhereAbsent: 0), location: address.text)
    }

    package func spent(
        from: Timestamp, to: Timestamp, matching filter: EventFilter
    ) throws -> SpentAmounts {
        let document = try usage(from, to, "UTC", filter, [])
        return try document.spent(document.amounts("total"), document.flag("is_complete"))
    }

    package func days(
        from: Timestamp, to: Timestamp, zone: String, matching filter: EventFilter
    ) throws -> [CivilDate: SpentAmounts] {
        let document = try usage(from, to, zone, filter, [("group_by", "day")])
        return try document.days()
    }

    private func usage(
        _ from: Timestamp, _ to: Timestamp, _ zone: String, _ filter: EventFilter,
        _ more: [(name: String, value: String)]
    ) throws -> ServiceDocument {
        let range = [("since", from.text), ("until", to.text), ("timezone", zone)]
        let document = try document(
            "usage", at: "usage", range + filter.conditions.map { ("where", $0) } + more)
        try document.require(from: from, to: to, matching: filter)
        return document
    }

    private func document(
        _ name: String, at route: String, _ fields: [(name: String, value: String)]
    ) throws -> ServiceDocument {
        let url = address.route(route)
        let body = try connection.get(url, query: ServiceAddress.query(fields))
        return try ServiceDocument(body, named: name, from: url)
    }
}

extension EventFilter {
    /// As `where` reads them.
    var conditions: [String] {
        let fields = globs.map { ($0.key.rawValue, $0.value) } + tags.map { ("tag:\($0)", $1) }
        return fields.sorted { $0.0 < $1.0 }.flatMap { name, globs in
            globs.map { "\(name)=\($0)" }
        }
    }
}
