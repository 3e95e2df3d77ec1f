import Billing

/// The data of genai-prices: providers with models, prices in USD per million tokens or per thousand units.
enum GenAIPriceList {
    private static let tokens: [String: Meter] = [
        "input_mtok": .input, "output_mtok": .output, "cache_read_mtok": .inputCacheRead,
        "cache_write_mtok": .inputCacheWrite5m, "cache_write_1h_mtok": .inputCacheWrite1h,
        "input_audio_mtok": .inputAudio, "input_image_mtok": .inputImage, "output_audio_mtok": .outputAudio,
        "output_reasoning_mtok": .outputReasoning,
    ]
    private static let units: [String: Meter] = ["requests_kcount": .request, "web_searches_kcount": .search]

    /// Models are named `provider/id`. Of prices that begin on a date the one of `day` (`2026-11-01`) counts.
    static func read(_ document: JSONValue, on day: String) throws(Problem) -> PriceListReading {
        guard case .array(let providers) = document.member("providers") ?? document else {
            throw Problem.invalid("", "must be an array of providers", code: "invalid_price_list")
        }
        var reading = PriceListReading()
        for (index, provider) in providers.enumerated() {
            guard case .string(let name)? = provider.member("id"),
                case .array(let models)? = provider.member("models")
            else { throw Problem.invalid("/\(index)", "needs id and models", code: "invalid_price_list") }
            for entry in models {
                guard case .string(let id)? = entry.member("id"), let prices = entry.member("prices") else {
                    throw Problem.invalid("/\(index)/models", "need id and prices", code: "invalid_price_list")
                }
                var model = PriceListReading.Model("\(name)/\(id)")
                add(prices, on: day, to: &model)
                reading.add(model, hasNoOutput: id.contains("embed"))
            }
        }
        return reading
    }

    private static func add(_ prices: JSONValue, on day: String, to model: inout PriceListReading.Model) {
        guard case .array(let conditional) = prices else { return add(flat: prices, to: &model) }
        var active: JSONValue?
        for entry in conditional {
            guard let constraint = entry.member("constraint"), constraint != .null else {
                active = entry.member("prices")
                continue
            }
            guard case .string(let start)? = constraint.member("start_date") else {
                return model.refuse("its price depends on the hour of the day")
            }
            if start <= day { active = entry.member("prices") }
        }
        if let chosen = active ?? conditional.first?.member("prices") {
            add(flat: chosen, to: &model)
        }
    }

    private static func add(flat prices: JSONValue, to model: inout PriceListReading.Model) {
        guard case .object(let members) = prices else { return model.refuse("its prices are no object") }
        for price in members {
            if let meter = tokens[price.name] {
                add(price.value, meter, shift: -6, to: &model)
            } else if let meter = units[price.name] {
                add(price.value, meter, shift: -3, to: &model)
            } else {
                model.leaveOut(price.name, price.value)
            }
        }
    }

    private static func add(
        _ value: JSONValue, _ meter: Meter, shift: Int, to model: inout PriceListReading.Model
    ) {
        guard let base = value.member("base") else { return model.add(value, meter, shift: shift) }
        model.add(base, meter, shift: shift)
        guard case .array(let tiers)? = value.member("tiers") else { return }
        for tier in tiers {
            guard case .number(let start)? = tier.member("start"), let threshold = Int64(start),
                (1...TokenUsage.lineMaximum).contains(threshold),
                let price = tier.member("price")
            else { return model.refuse("a tier of its price cannot be read") }
            model.add(price, meter, at: .init(aboveTokens: threshold), shift: shift)
        }
    }
}
