import Billing

/// OpenRouter's list: `{"data":[{"id":"openai/gpt-4o","pricing":{"prompt":"0.0000025",…}}]}`, in USD per unit.
enum OpenRouterPriceList {
    /// `image` is a picture sent and `image_output` a token of a picture made: there is no meter for either.
    private static let meters: [String: Meter] = [
        "prompt": .input, "completion": .output, "input_cache_read": .inputCacheRead,
        "input_cache_write": .inputCacheWrite5m, "input_cache_write_1h": .inputCacheWrite1h,
        "internal_reasoning": .outputReasoning, "audio": .inputAudio, "audio_output": .outputAudio,
        "image_token": .inputImage, "request": .request, "web_search": .search,
    ]

    static func read(_ document: JSONValue) throws(Problem) -> PriceListReading {
        guard case .object(let members) = document,
            case .array(let models)? = members.first(where: { $0.name == "data" })?.value
        else { throw Problem.invalid("/data", "must be an array of models", code: "invalid_price_list") }
        var reading = PriceListReading()
        for (index, entry) in models.enumerated() {
            guard case .object(let members) = entry,
                case .string(let name)? = members.first(where: { $0.name == "id" })?.value,
                case .object(let pricing)? = members.first(where: { $0.name == "pricing" })?.value
            else { throw Problem.invalid("/data/\(index)", "needs id and pricing", code: "invalid_price_list") }
            var model = PriceListReading.Model(name)
            for price in pricing {
                guard let meter = meters[price.name] else {
                    model.leaveOut(price.name, price.value)
                    continue
                }
                // A router's own price depends on where it sends the call.
                if case .string(let text) = price.value, text.hasPrefix("-") {
                    model.refuse("its price is not fixed")
                } else if !meter.isToken || meter.parent != nil, price.value.isZeroPrice {
                    // Zero stands for a unit that is not charged apart.
                    continue
                } else {
                    model.add(price.value, meter)
                }
            }
            reading.add(model, hasNoOutput: false)
        }
        return reading
    }
}
