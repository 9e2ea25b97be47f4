import JSONBytes
import Pricing
import ProviderUsage

/// Prices usages that come as lines of JSON, each answered by one line, in order; a bad line is
/// answered in place.
package struct PriceLines {
    /// The longest line that is read; a longer one is answered with an error.
    package static let maximumLineBytes = 1 << 20

    private let context: PricingContext
    private var document: PriceDocument
    private var exchange: Exchange
    private let defaults: Purchase
    private var number: Int64 = 0
    /// Lines that were answered with an error.
    package private(set) var failures: Int64 = 0
    /// Lines that were answered at all.
    package private(set) var answered: Int64 = 0

    /// `parameters` give what lines leave out: `channel`, `at`, `service_tier`, `currency`, `fx`.
    package init(_ parameters: Parameters, _ context: PricingContext) throws(QuestionError) {
        try parameters.refuseUnknown(PricingContext.names + PricingContext.purchaseNames)
        self.context = context
        document = PriceDocument(context.book.catalog)
        let at = try context.at(parameters)
        exchange = try context.exchange(parameters, at: at)
        defaults = Purchase(
            model: try parameters.text("model") ?? "",
            channel: try parameters.text("channel") ?? Channel.direct, at: at,
            serviceTier: try parameters.text("service_tier") ?? RateConditions.standardTier,
            list: try parameters.currency("billed_in"))
    }

    /// Appends the answer to one line, with a line feed; empty lines are passed over.
    package mutating func answer(_ line: UnsafeBufferPointer<UInt8>, into writer: inout JSONWriter)
    {
        number += 1
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return }
        answered += 1
        let start = writer.bytes.count
        do {
            let question = try LineQuestion(line, defaults: defaults)
            let usage = try context.book.withRequestCount(question.usage, question.purchase)
            let priced = try context.book.price(usage, question.purchase)
            let shown = try exchange.shown(priced.cost.settled.money)
            try document.append(
                priced, usage: usage, asked: question.purchase, shown: shown,
                exchange: exchange.json, id: question.id, to: &writer)
            if !priced.cost.isComplete { failures += 1 }
        } catch {
            writer.bytes.removeLast(writer.bytes.count - start)
            refuse(error, id: LineQuestion.id(of: line), into: &writer)
        }
        writer.raw("\n")
    }

    /// Answers a line that is longer than `maximumLineBytes`.
    package mutating func refuseLongLine(into writer: inout JSONWriter) {
        number += 1
        answered += 1
        refuse(
            LineError(
                code: "line_too_long",
                problem: "a line of more than \(Self.maximumLineBytes >> 20) MiB"),
            id: nil, into: &writer)
        writer.raw("\n")
    }

    private mutating func refuse(_ error: any Error, id: String?, into writer: inout JSONWriter) {
        failures += 1
        let code =
            switch error {
            case let error as PricingError: error.code
            case let error as LineError: error.code
            default: "malformed"
            }
        writer.raw("{\"schema\":\"tokenmeter.price/1\",\"line\":")
        writer.integer(number)
        if let id {
            writer.raw(",\"id\":")
            writer.string(id)
        }
        writer.raw(",\"error\":{\"code\":")
        writer.string(code)
        writer.raw(",\"message\":")
        writer.string("\(error)")
        writer.raw("}}")
    }
}

private struct LineError: Error, CustomStringConvertible {
    let code: String
    let problem: String
    var description: String { problem }
}

/// One line: `{"model","channel","at","usage":{"input":…}}`, and what else a purchase has. In place of
/// `usage` there may be `vendor_usage`, the vendor's object or whole answer as it came, with `api` where
/// its fields alone do not tell whose it is.
package struct LineQuestion {
    static let names = [
        "model", "channel", "at", "completed_at", "service_tier", "when", "billed_in", "usage",
        "id", "vendor_usage", "api",
    ]

    var purchase: Purchase
    var usage = Usage()
    var id: String?
    private var vendorUsage: JSONValue?
    private var api: StreamAPI?

    init(_ line: UnsafeBufferPointer<UInt8>, defaults: Purchase) throws {
        purchase = defaults
        var reader = JSONReader(line)
        var hasUsage = false
        var seen: UInt64 = 0
        try reader.object { reader, key in
            let place = try Self.place(of: key, &reader)
            do {
                guard seen & (1 << place) == 0 else { throw reader.fail("a duplicate key") }
                seen |= 1 << place
                if place == 7 { hasUsage = true }
                try read(place, &reader)
            } catch let error as JSONError {
                throw error.within(Self.names[place])
            }
        }
        try reader.expectEnd()
        if let vendorUsage {
            guard !hasUsage else {
                throw reader.fail("\"usage\" beside \"vendor_usage\"").within("vendor_usage")
            }
            do {
                try take(vendorUsage, isTierGiven: seen & (1 << 4) != 0)
            } catch let error as VendorUsageError {
                throw reader.fail("\(error),").within("vendor_usage")
            }
            hasUsage = true
        } else if api != nil {
            throw reader.fail("\"api\" without \"vendor_usage\"").within("api")
        }
        guard !purchase.model.isEmpty else {
            throw reader.fail("missing \"model\"").within("model")
        }
        guard hasUsage else { throw reader.fail("missing \"usage\"").within("usage") }
    }

    private mutating func read(_ place: Int, _ reader: inout JSONReader) throws {
        switch place {
        case 0: purchase.model = try reader.string()
        case 1: purchase.channel = try reader.string()
        case 2: purchase.at = try Self.time(&reader, "at")
        case 3: purchase.completedAt = try Self.time(&reader, "completed_at")
        case 4: purchase.serviceTier = try reader.string()
        case 5:
            try reader.object { reader, key in
                let name = String(decoding: key, as: UTF8.self)
                let isNew =
                    purchase.attributes.updateValue(try reader.string(), forKey: name) == nil
                guard isNew else { throw reader.fail("a duplicate key") }
            }
        case 6: purchase.list = try Currency(try reader.string())
        case 7: usage = try Self.usage(&reader)
        case 9: vendorUsage = try reader.value(numbers: .decimal)
        case 10:
            let name = try reader.string()
            guard let api = StreamAPI(rawValue: name) else {
                throw reader.fail("no API \(quoted(name))")
            }
            self.api = api
        default: id = try reader.string()
        }
    }

    /// What the vendor says of the answer counts where the question does not say it.
    private mutating func take(_ vendorUsage: JSONValue, isTierGiven: Bool) throws {
        let reading = try UsageReading(vendorUsage: vendorUsage, api: api)
        // An input that nobody reported has no price, and is not free.
        usage = reading.usageOfRequest
        if purchase.model.isEmpty { purchase.model = reading.model ?? "" }
        if !isTierGiven, let tier = reading.serviceTier {
            purchase.serviceTier = RateConditions.tier(tier.lowercased())
        }
        purchase.attributes.merge(reading.attributes) { given, _ in given }
    }

    /// The member that brought an error up, where it was given.
    package static func member(
        at fault: PricingError, of body: UnsafeBufferPointer<UInt8>
    ) -> String? {
        if case .outOfRange(let what) = fault,
            let meter = Meter.allCases.first(where: { what.hasPrefix("the count of \($0.name) (") })
        {
            return "usage.\(meter.name)"
        }
        let fields = fault.subject.fields
        if let within = fields.first(where: { $0.contains(".") }) { return within }
        var reader = JSONReader(body)
        let given = try? reader.value(numbers: .decimal)
        return fields.first { given?[$0] != nil }
    }

    /// The `id` of a line that could not be answered, where it can be made out.
    static func id(of line: UnsafeBufferPointer<UInt8>) -> String? {
        var reader = JSONReader(line)
        guard case .string(let id)? = try? reader.value()["id"] else { return nil }
        return id
    }

    private static func place(
        of key: UnsafeBufferPointer<UInt8>, _ reader: inout JSONReader
    ) throws -> Int {
        for (index, name) in names.enumerated() where key.elementsEqual(name.utf8) { return index }
        let name = String(decoding: key, as: UTF8.self)
        let nearest = NearestNames.find(name, among: names, limit: 1).joined()
        throw reader.fail("unknown key \(quoted(name)); nearest: \(nearest);")
            .within(name.isEmpty ? quoted(name) : name)
    }

    static func usage(_ reader: inout JSONReader) throws -> Usage {
        var usage = Usage()
        var seen = MeterSet()
        try reader.object { reader, key in
            guard let meter = MeterNames.find(key) else {
                let name = String(decoding: key, as: UTF8.self)
                throw PricingError.unknownMeter(
                    name, nearest: NearestNames.find(name, among: Meter.allCases.map(\.name)))
            }
            guard !seen.contains(meter) else {
                throw reader.fail("a duplicate meter").within(meter.name)
            }
            seen.insert(meter)
            let count: Int64
            do {
                count = try reader.integer()
            } catch let error as JSONError {
                throw error.within(meter.name)
            }
            guard count <= Usage.maximumCount else {
                throw PricingError.outOfRange("the count of \(meter.name) (\(count))")
            }
            try usage.add(count, of: meter)
        }
        // Nothing said is unknown; a request that used nothing says so with a zero.
        guard !seen.isEmpty else { throw reader.fail("an empty \"usage\"") }
        return usage
    }

    private static func time(_ reader: inout JSONReader, _ field: String) throws -> Timestamp {
        let raw = try reader.rawString("expected a time")
        guard
            let time = Timestamp.parse(bytes: raw)
                ?? CivilDate.parse(bytes: raw).map(Timestamp.init)
        else {
            throw reader.fail(
                "\"\(field)\" is not an RFC 3339 time such as 2026-10-01T16:30:00Z nor a date,")
        }
        return time
    }
}

/// Meters by the bytes of their names, without making a string.
enum MeterNames {
    private static let byLength: [[(name: [UInt8], meter: Meter)]] = {
        var table: [[(name: [UInt8], meter: Meter)]] = Array(repeating: [], count: 32)
        for meter in Meter.allCases {
            table[meter.name.utf8.count].append((Array(meter.name.utf8), meter))
        }
        return table
    }()

    static func find(_ key: UnsafeBufferPointer<UInt8>) -> Meter? {
        guard key.count < byLength.count else { return nil }
        for (name, meter) in byLength[key.count] where name.elementsEqual(key) { return meter }
        return nil
    }
}
