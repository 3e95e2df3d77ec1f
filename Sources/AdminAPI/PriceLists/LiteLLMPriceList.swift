import Billing

/// LiteLLM's price list: an object of models, each with `…_cost…` members in USD per unit.
enum LiteLLMPriceList {
    /// Longest first where one begins like another.
    private static let meters: [(name: String, meter: Meter)] = [
        ("input_cost_per_token", .input), ("output_cost_per_token", .output),
        ("cache_read_input_token_cost", .inputCacheRead),
        ("cache_creation_input_token_cost_above_1hr", .inputCacheWrite1h),
        ("cache_creation_input_token_cost", .inputCacheWrite5m),
        ("output_cost_per_reasoning_token", .outputReasoning), ("input_cost_per_audio_token", .inputAudio),
        ("output_cost_per_audio_token", .outputAudio), ("input_cost_per_image_token", .inputImage),
        ("output_cost_per_image", .image), ("input_cost_per_second", .second),
        ("input_cost_per_character", .character), ("input_cost_per_request", .request),
        ("input_cost_per_query", .search),
    ]
    private static let tiers = ["_priority": "priority", "_flex": "flex", "_batches": "batch"]
    /// The member with prices by stages of input tokens.
    private static let stages = "tiered_pricing"
    private static let modesWithoutOutput: Set<String> = [
        "embedding", "rerank", "moderation", "image_generation", "audio_transcription", "audio_speech",
    ]
    /// Units that mean what the meter counts in this kind of model only.
    private static let modes: [Meter: String] = [
        .image: "image_generation", .second: "audio_transcription", .character: "audio_speech", .search: "rerank",
    ]

    static func read(_ document: JSONValue) throws(Problem) -> PriceListReading {
        guard case .object(let models) = document else {
            throw Problem.invalid("", "must be an object of models", code: "invalid_price_list")
        }
        var reading = PriceListReading()
        for model in models where model.name != "sample_spec" {
            guard case .object(let members) = model.value else {
                throw Problem.invalid("", "\(model.name) is not an object", code: "invalid_price_list")
            }
            add(model.name, members, to: &reading)
        }
        return reading
    }

    private static func add(_ name: String, _ members: [JSONMember], to reading: inout PriceListReading) {
        var mode = "chat"
        for member in members where member.name == "mode" {
            if case .string(let text) = member.value { mode = text }
        }
        var model = PriceListReading.Model(name)
        for member in members {
            if member.name == stages, case .array(let stages) = member.value {
                for stage in stages { add(stage: stage, mode, to: &model) }
            } else {
                add(member, mode, to: &model)
            }
        }
        reading.add(model, hasNoOutput: modesWithoutOutput.contains(mode))
    }

    /// Takes over a member that is a price, and names it where it cannot be; `above` is the threshold it is listed for.
    private static func add(
        _ member: JSONMember, _ mode: String, above: Int64 = 0, to model: inout PriceListReading.Model
    ) {
        guard let (meter, listed) = place(member.name) else {
            if member.name.contains("cost") || member.name == stages { model.leaveOut(member.name, member.value) }
            return
        }
        if let needed = modes[meter], needed != mode {
            return model.leaveOut(member.name, member.value, "it is a meter of models of the mode \(needed) only")
        }
        let threshold = listed.aboveTokens ?? (above > 0 ? above : nil)
        model.add(member.value, meter, at: .init(tier: listed.tier, aboveTokens: threshold))
    }

    /// Takes over a stage: it prices calls with more input tokens than its range begins with, as a whole.
    private static func add(stage: JSONValue, _ mode: String, to model: inout PriceListReading.Model) {
        guard case .object(let members) = stage, let start = start(of: stage) else {
            return model.leaveOut(stages, stage, "its stages are not by input tokens")
        }
        for member in members { add(member, mode, above: start, to: &model) }
    }

    /// The input tokens a stage begins with, in the list perhaps as `32000.0`.
    private static func start(of stage: JSONValue) -> Int64? {
        guard case .array(let range)? = stage.member("range"), case .number(let text)? = range.first else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1)
        guard parts.dropFirst().allSatisfy({ $0.allSatisfy { $0 == "0" } }), let whole = parts.first,
            let start = Int64(whole), (0...TokenUsage.lineMaximum).contains(start)
        else { return nil }
        return start
    }

    /// What a member is the price of; nil for what has no meter here. An hour's cache comes before a threshold.
    private static func place(_ name: String) -> (Meter, PriceListReading.Place)? {
        var rest = Substring(name)
        var place = PriceListReading.Place()
        for (suffix, tier) in tiers where rest.hasSuffix(suffix) {
            rest = rest.dropLast(suffix.count)
            place.tier = tier
            break
        }
        for (prefix, meter) in meters where rest.hasPrefix(prefix) {
            let tail = rest.dropFirst(prefix.count)
            if tail.isEmpty { return (meter, place) }
            guard tail.hasPrefix("_above_"), tail.hasSuffix("k_tokens"),
                let thousands = Int64(tail.dropFirst("_above_".count).dropLast("k_tokens".count)),
                (1...TokenUsage.lineMaximum / 1000).contains(thousands)
            else { continue }
            place.aboveTokens = thousands * 1000
            return (meter, place)
        }
        return nil
    }
}
