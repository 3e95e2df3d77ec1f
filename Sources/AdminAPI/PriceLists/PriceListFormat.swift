/// The price lists that can be imported.
enum PriceListFormat: String, CaseIterable, Sendable {
    /// LiteLLM's `model_prices_and_context_window.json`.
    case litellm
    /// What OpenRouter's `GET /api/v1/models` answers.
    case openrouter
    /// The `data.json` of genai-prices.
    case genaiPrices = "genai-prices"

    /// The prices of a list as they hold at an instant. Throws a 400 when it is no list of this kind.
    func read(_ document: JSONValue, on day: String) throws(Problem) -> PriceListReading {
        switch self {
        case .litellm: try LiteLLMPriceList.read(document)
        case .openrouter: try OpenRouterPriceList.read(document)
        case .genaiPrices: try GenAIPriceList.read(document, on: day)
        }
    }
}
