import Billing

/// The provable upper bound of what one call can use; pure.
struct CostEstimate: Equatable, Sendable {
    /// Tokens of a chunk in which long documents are ranked, the query included.
    private static let rankedChunk: Int64 = 500
    /// Documents that one search unit ranks.
    private static let rankedAtOnce: Int64 = 100

    /// All that the call can use, over all choices.
    private(set) var bound: UsageBound
    /// Output tokens of one choice at most; sent upstream on routes whose bodies can say so.
    private(set) var maxTokens: Int64
    /// How many choices the backend may generate.
    let choices: Int64
    /// True when `maxTokens` is below what the client asked for.
    private(set) var isLowered = false
    /// Output tokens of a choice that are thought and not said.
    private let thinkingTokens: Int64
    /// Whether the backend can be told of a lower bound.
    private let canTrim: Bool

    /// Input tokens at most.
    var inputTokens: Int64 { bound.inputTokens }

    /// Output tokens over all choices.
    var outputTokens: Int64 { bound.outputTokens }

    /// Input and output together, as token quotas count them.
    var totalTokens: Int64 { inputTokens.clampedSum(outputTokens) }

    /// The bound for `ask` at `model`. With `mustBound`, what nothing bounds is refused.
    static func make(
        _ ask: Ask, model: ModelDefinition, sheet: PriceSheet?, mustBound: Bool
    ) -> Result<CostEstimate, Denial> {
        if ask.kind == .countTokens {
            return .success(CostEstimate(ask, UsageBound(requests: 0), maxTokens: 0))
        }
        if mustBound, let part = unbounded(ask, model, sheet) {
            return .failure(
                .badRequest(
                    code: "unsupported_parameter", param: part,
                    message: "Nothing bounds the cost of '\(part)' at this model for a tenant with a spend cap."))
        }
        let sent = ask.kind.hasOutput ? min(ask.maxTokens ?? model.maxOutputTokens, model.maxOutputTokens) : 0
        guard ask.thinkingTokens < sent || ask.thinkingTokens == 0 else {
            return .failure(
                .badRequest(
                    code: "invalid_value", param: "thinking.budget_tokens",
                    message: "'thinking.budget_tokens' must be below the bound on output, which is \(sent) here."))
        }
        let bound = UsageBound(
            inputTokens: inputTokens(ask, model), outputTokens: sent.clampedProduct(ask.choices), images: ask.images,
            seconds: seconds(ask, model), characters: ask.characters, searches: searches(ask))
        var estimate = CostEstimate(ask, bound, maxTokens: sent)
        estimate.isLowered = ask.maxTokens.map { $0 > sent } ?? false
        return .success(estimate)
    }

    private init(_ ask: Ask, _ bound: UsageBound, maxTokens: Int64) {
        self.bound = bound
        self.maxTokens = maxTokens
        choices = ask.choices
        thinkingTokens = ask.thinkingTokens
        canTrim = ask.kind.hasMaxTokens
    }

    /// What the whole bound costs, each price times `ppm` millionths.
    func cost(_ sheet: PriceSheet, ppm: Int64) -> Money {
        sheet.bound(bound, ppm: ppm)
    }

    /// What the least useful answer costs: `floor` output tokens beside the thinking, or fewer if fewer were asked for;
    /// the whole bound where it cannot be lowered.
    func floorCost(_ sheet: PriceSheet, floor: Int64, ppm: Int64) -> Money {
        guard canTrim else { return cost(sheet, ppm: ppm) }
        var least = bound
        least.outputTokens = min(floor.clampedSum(thinkingTokens), maxTokens).clampedProduct(choices)
        return sheet.bound(least, ppm: ppm)
    }

    /// Lowers the output bound to what `amount` pays for.
    mutating func trim(to amount: Money, sheet: PriceSheet, ppm: Int64) {
        guard canTrim else { return }
        let afforded = sheet.outputTokens(affordedBy: amount, bound, ppm: ppm)
        let perChoice = max(1, afforded / max(choices, 1))
        if perChoice < maxTokens {
            maxTokens = perChoice
            bound.outputTokens = perChoice.clampedProduct(choices)
            isLowered = true
        }
    }
}

// MARK: What bounds what

extension CostEstimate {
    /// Every token is at least one byte of the body, but for what templates and providers add and what parts hold.
    private static func inputTokens(_ ask: Ask, _ model: ModelDefinition) -> Int64 {
        // Texts that are read on their own, each with a template and a window.
        let reads = max(ask.choices, ask.inputs)
        var bytes = Int64(ask.bodyBytes)
        var parts: Int64 = 0
        if let perPart = model.partTokensMax {
            parts = perPart.clampedProduct(Int64(ask.parts))
            bytes -= ask.audioBytes
        }
        var tokens = bytes.clampedSum(ask.repeatedBytes.clampedProduct(ask.inputs)).clampedSum(ask.addedTokens)
        // A prompt may be read again for each image.
        if ask.images > 1 { (tokens, parts) = (tokens.clampedProduct(ask.images), parts.clampedProduct(ask.images)) }
        tokens = tokens.clampedSum(model.inputOverheadTokens.clampedProduct(reads)).clampedSum(parts)
        return model.contextWindow.map { min(tokens, $0.clampedProduct(reads)) } ?? tokens
    }

    private static func seconds(_ ask: Ask, _ model: ModelDefinition) -> Int64 {
        switch ask.kind {
        case .transcription: (model.audioSecondsMax ?? 0).clampedProduct(Int64(ask.parts))
        case .speech: model.audioSecondsMax ?? 0
        default: 0
        }
    }

    /// Search units: documents above a chunk count as one for each chunk, and each chunk has the query in it.
    private static func searches(_ ask: Ask) -> Int64 {
        guard ask.kind == .rerank else { return 0 }
        let room = max(rankedChunk - ask.repeatedBytes, rankedChunk / 5)
        let chunks = ask.inputs.clampedSum(Int64(ask.bodyBytes) / room)
        return chunks.clampedSum(rankedAtOnce - 1) / rankedAtOnce
    }

    /// The path of what costs money and has no bound; nil if there is none.
    private static func unbounded(_ ask: Ask, _ model: ModelDefinition, _ sheet: PriceSheet?) -> String? {
        let hasAudio = ask.kind == .transcription || ask.kind == .speech
        if hasAudio, model.audioSecondsMax == nil, costs(UsageBound(seconds: 1, requests: 0), sheet) {
            return ask.firstPart ?? AskMember.input.rawValue
        }
        guard ask.parts > 0, model.partTokensMax == nil else { return nil }
        // Where tokens cost nothing, a part may have any number of them.
        guard costs(UsageBound(inputTokens: .max, requests: 0), sheet) else { return nil }
        return ask.firstPart ?? AskMember.messages.rawValue
    }

    private static func costs(_ bound: UsageBound, _ sheet: PriceSheet?) -> Bool {
        sheet.map { $0.bound(bound, ppm: 1_000_000) > .zero } ?? false
    }
}

extension Int64 {
    /// The product of two non-negative numbers, or the largest number when it does not fit.
    func clampedProduct(_ other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// The sum of two non-negative numbers, or the largest number when it does not fit.
    func clampedSum(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
