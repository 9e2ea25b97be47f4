import Accounting
import GRDB
import JSONBytes
import Pricing

/// A row of `event`: one request, or one taken back.
struct EventRow {
    var number: Int64
    var id: EventID
    var context: Int64
    var attribution: Int64?
    /// The row that first had the id; `nil` for that row itself.
    var original: Int64?
    var sign: Int64
    var start: Timestamp
    var durationMilliseconds: Int64?
    var firstTokenMilliseconds: Int64?
    /// Never negative: `sign` says whether it is taken back.
    var usage: Usage
    var vendorID: String?
    var vendorCost: String?
    var reason: String?

    /// The meters that have a column of their own; the first column's place among `columns`.
    static let meters: [Meter] = [
        .input, .cachedInput, .cacheWrite5m, .cacheWrite1h, .output, .reasoning,
    ]
    private static let inColumns = MeterSet(meters)
    static let columns = """
        number, id, context, attribution, original, sign, start_ms, duration_ms, first_token_ms,
        input, cached_input, cache_write_5m, cache_write_1h, output, reasoning, other, vendor_id,
        vendor_cost, reason
        """

    static let insertion = """
        INSERT INTO event (account, \(columns))
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    func insert(_ statement: RawStatement, account: Int64) throws {
        statement.bind(account, 1)
        statement.bind(number, 2)
        statement.bind(id, 3)
        statement.bind(context, 4)
        statement.bind(attribution, 5)
        statement.bind(original, 6)
        statement.bind(sign, 7)
        statement.bind(start.milliseconds, 8)
        statement.bind(durationMilliseconds, 9)
        statement.bind(firstTokenMilliseconds, 10)
        for (place, meter) in Self.meters.enumerated() {
            statement.bind(sign * usage[meter], 11 + Int32(place))
        }
        statement.bind(other, 17)
        statement.bind(vendorID, 18)
        statement.bind(vendorCost, 19)
        statement.bind(reason, 20)
        try statement.run()
    }

    private var other: String? {
        let rest = MeterSet(bits: usage.meters.bits & ~Self.inColumns.bits)
        guard !rest.isEmpty else { return nil }
        var object = JSONObject()
        for meter in rest { object.append(meter.name, .integer(sign * usage[meter])) }
        return String(decoding: JSONValue.object(object).compactBytes, as: UTF8.self)
    }

    /// A row that was selected as `columns`.
    init(_ statement: RawStatement) throws {
        number = statement.integer(0)
        guard let id = EventID(bytes: statement.blob(1)) else {
            throw Self.damaged(number, "its id")
        }
        self.id = id
        context = statement.integer(2)
        attribution = statement.optionalInteger(3)
        original = statement.optionalInteger(4)
        sign = statement.integer(5)
        start = Timestamp(milliseconds: statement.integer(6))
        durationMilliseconds = statement.optionalInteger(7)
        firstTokenMilliseconds = statement.optionalInteger(8)
        usage = try Self.usage(statement, from: 9, sign: sign, number: number)
        vendorID = statement.text(16)
        vendorCost = statement.text(17)
        reason = statement.text(18)
    }

    init(
        number: Int64, _ event: UsageEvent, context: Int64, attribution: Int64?,
        original: Int64? = nil, sign: Int64 = 1, reason: String? = nil
    ) {
        self.number = number
        id = event.id
        self.context = context
        self.attribution = attribution
        self.original = original
        self.sign = sign
        start = event.start
        durationMilliseconds = event.durationMilliseconds
        firstTokenMilliseconds = event.firstTokenMilliseconds
        usage = event.usage
        vendorID = event.vendorID
        vendorCost = event.vendorCost.map { "\($0.amountText) \($0.currency.code)" }
        self.reason = reason
    }

    /// The counts in the seven columns from `first` on.
    @inline(__always)
    static func usage(
        _ statement: RawStatement, from first: Int32, sign: Int64, number: Int64
    ) throws -> Usage {
        var usage = Usage()
        for (place, meter) in meters.enumerated() {
            let count = statement.integer(first + Int32(place))
            if count != 0 { try usage.add(sign * count, of: meter) }
        }
        guard let other = statement.text(first + 6) else { return usage }
        guard case .object(let object) = try JSONReader.value(of: Array(other.utf8)) else {
            throw damaged(number, "its other meters")
        }
        for member in object.members {
            guard let meter = Meter(name: member.key), case .integer(let count) = member.value
            else { throw damaged(number, "its meter \(member.key)") }
            try usage.add(sign * count, of: meter)
        }
        return usage
    }

    static func damaged(_ number: Int64, _ what: String) -> DatabaseError {
        DatabaseError(
            resultCode: .SQLITE_CORRUPT, message: "event \(number): \(what) cannot be read")
    }
}

extension MeterSet {
    fileprivate init(_ meters: [Meter]) {
        self.init()
        for meter in meters { insert(meter) }
    }
}
