import JSONBytes
import Pricing

/// What vendors say that they charged, in their own spellings. All of them bill in dollars.
enum VendorMoney {
    /// From a usage object: `cost` as a number (OpenRouter, Vercel, Avian), as an object with
    /// `total_cost` (Perplexity), or in ticks of 10⁻¹⁰ dollars (xAI: 1,707,000 of them are what its
    /// list makes of 1 input, 400 cached and 301 output tokens of grok-4-fast, $0.0001707).
    static func cost(in usage: JSONValue) -> Money? {
        if let ticks = usage["cost_in_usd_ticks"]?.numberText, let count = Int64(ticks), count >= 0
        {
            return Money(currency: .usd, attos: Int128(count) * 100_000_000)
        }
        let cost = usage["cost"]
        guard let text = (cost?["total_cost"] ?? cost)?.numberText,
            let attos = ComputedDecimal.parse(text), attos >= 0
        else { return nil }
        return Money(currency: .usd, attos: attos)
    }
}
