import Accounting
import Pricing
import Testing

struct MoneyEntryTests {
    private static let noon = Timestamp(milliseconds: 1_760_000_400_000)

    private static func entry(
        _ kind: MoneyEntry.Kind, _ amount: String, id: String = "a",
        method: MoneyEntry.Method? = nil, expires: Timestamp? = nil, note: String? = nil,
        reverses: String? = nil
    ) throws -> MoneyEntry {
        MoneyEntry(
            id: id, time: noon, channel: "shop", kind: kind, amount: try Money(amount, .cny),
            method: method, note: note, expires: expires, reverses: reverses)
    }

    private static let later = noon.advanced(bySeconds: 1)

    @Test func takesWhatEachKindMeans() throws {
        for entry in try [
            Self.entry(.topUp, "100", method: .alipay),
            Self.entry(.topUp, "100", expires: Self.later),
            Self.entry(.grant, "20", expires: Self.later),
            Self.entry(.refund, "1", method: .balance),
            Self.entry(.refund, "-1", method: .wechat), Self.entry(.adjustment, "-1"),
            Self.entry(.adjustment, "1"), Self.entry(.tax, "-6"),
            Self.entry(.commitment, "5", expires: Self.later),
            Self.entry(.topUp, "1000000000000", id: String(repeating: "i", count: 200)),
        ] {
            #expect(entry.problem == nil, "\(entry)")
        }
    }

    @Test func refusesWhatAKindCannotMean() throws {
        let wrong: [(MoneyEntry, String)] = try [
            (Self.entry(.topUp, "-1"), "amount"), (Self.entry(.topUp, "0"), "amount"),
            (Self.entry(.grant, "-1"), "amount"), (Self.entry(.tax, "6"), "amount"),
            (Self.entry(.refund, "-1", method: .balance), "amount"),
            (Self.entry(.refund, "1", method: .card), "amount"),
            (Self.entry(.refund, "1"), "amount"), (Self.entry(.refund, "-1"), "method"),
            (Self.entry(.commitment, "-5", expires: Self.later), "amount"),
            (Self.entry(.commitment, "5"), "expires"),
            (Self.entry(.grant, "5", expires: Self.noon), "expires"),
            (Self.entry(.tax, "-5", expires: Self.later), "expires"),
            (Self.entry(.grant, "5", method: .alipay), "method"),
            (Self.entry(.topUp, "5", method: .balance), "method"),
            (Self.entry(.topUp, "1000000000000.000000000000000001"), "amount"),
            (Self.entry(.topUp, "1", id: ""), "id"), (Self.entry(.topUp, "1", id: "a\nb"), "id"),
            (Self.entry(.topUp, "1", id: String(repeating: "i", count: 201)), "id"),
            (Self.entry(.topUp, "1", id: "reversal:a"), "id"),
            (Self.entry(.topUp, "-1", reverses: "b"), "id"),
            (Self.entry(.topUp, "1", note: String(repeating: "n", count: 1_001)), "note"),
        ]
        for (entry, field) in wrong { #expect(entry.problem?.field == field, "\(entry)") }
    }

    /// What was taken back, and what took it back, come to nothing.
    @Test func isTakenBackWhole() throws {
        let grant = try Self.entry(.grant, "20", id: "g", expires: Self.later)
        let reversal = grant.reversal(at: Self.later, note: "never came")
        #expect(reversal.problem == nil)
        #expect(reversal.id == "reversal:g")
        #expect(reversal.amount == (try Money("-20", .cny)))
        let tax = try Self.entry(.tax, "-6", id: "t")
        #expect([grant, tax, reversal].standing == [tax])
    }

    /// Payments, free credit and promises charge nothing.
    @Test func addsToTheChargeWhatIsOne() throws {
        let one = DecimalText.one
        #expect(try Self.entry(.tax, "-6").charge == 6 * one)
        #expect(try Self.entry(.adjustment, "-2").charge == 2 * one)
        #expect(try Self.entry(.adjustment, "3").charge == -3 * one)
        #expect(try Self.entry(.refund, "4", method: .balance).charge == -4 * one)
        #expect(try Self.entry(.refund, "-4", method: .card).charge == 0)
        #expect(try Self.entry(.topUp, "5").charge == 0)
        #expect(try Self.entry(.grant, "5").charge == 0)
        #expect(try Self.entry(.commitment, "5").charge == 0)
        #expect(try Self.entry(.commitment, "5").effect == 0)
    }
}
