/// A currency by its ISO 4217 code.
package struct Currency: Hashable, Sendable, Comparable {
    /// The three letters in one word, so that an amount needs no reference count.
    private let letters: UInt32

    package static let usd = Currency(unchecked: "USD")
    package static let cny = Currency(unchecked: "CNY")

    /// Three capital Latin letters, as in `USD`; throws `PricingError.malformed` for anything else.
    package init(_ code: String) throws(PricingError) {
        let utf8 = code.utf8
        guard utf8.count == 3, utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) else {
            throw .malformed(
                what: "currency", text: code, wanted: "three capital letters such as USD")
        }
        self.init(unchecked: code)
    }

    private init(unchecked code: String) {
        letters = code.utf8.reduce(0) { $0 << 8 | UInt32($1) }
    }

    package var code: String {
        String(unsafeUninitializedCapacity: 3) { bytes in
            for place in 0..<3 {
                bytes[place] = UInt8(truncatingIfNeeded: letters >> (16 - 8 * place))
            }
            return 3
        }
    }

    /// How many decimals a bill in this currency has, by ISO 4217: 2 for most.
    package var minorDigits: Int {
        switch code {
        case "JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF": 0
        case "BHD", "IQD", "JOD", "KWD", "OMR", "TND": 3
        default: 2
        }
    }

    /// What stands before an amount in a table; currencies without a sign of their own show their
    /// code.
    package var sign: String {
        switch code {
        case "USD": "$"
        case "CNY": "¥"
        case "EUR": "€"
        case "GBP": "£"
        default: code + " "
        }
    }

    package static func < (lhs: Currency, rhs: Currency) -> Bool { lhs.letters < rhs.letters }
}
