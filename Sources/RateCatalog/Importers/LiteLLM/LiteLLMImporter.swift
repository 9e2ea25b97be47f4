import JSONBytes
import Pricing

/// LiteLLM's price map, `model_prices_and_context_window.json`.
package enum LiteLLMImporter: CatalogImporter {
    package static let name = "litellm"

    package static func read(_ bytes: [UInt8]) throws -> ImportedCatalog {
        throw ImportError.notSuchACatalog(source: name, problem: "not written yet")
    }
}
