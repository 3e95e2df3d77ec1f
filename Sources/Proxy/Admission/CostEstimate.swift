import Billing

/// The provable upper bound of what one call can use; pure.
struct CostEstimate: Equatable, Sendable {
    /// Input tokens at most: every token is at least one byte of the body, plus what templates add.
    let inputTokens: Int64
    /// Output tokens of one choice at most; this number is sent upstream.
    private(set) var maxTokens: Int64
    /// How many choices the backend may generate.
    let choices: Int64
    /// True when `maxTokens` is below what the client asked for.
    private(set) var isLowered: Bool

    /// Output tokens over all choices.
    var outputTokens: Int64 { maxTokens.clampedProduct(choices) }

    /// Input and output together, as token quotas count them.
    var totalTokens: Int64 { inputTokens.clampedSum(outputTokens) }

    /// The bound for `ask` at `model`. Parts without a known size are refused, because nothing bounds them.
    static func make(_ ask: Ask, model: ModelDefinition, mustBound: Bool) -> Result<CostEstimate, Denial> {
        let overhead = model.inputOverheadTokens.clampedProduct(ask.choices)
        var input = Int64(ask.bodyBytes).clampedSum(overhead)
        if ask.parts > 0 {
            if let perPart = model.partTokensMax {
                input = input.clampedSum(perPart.clampedProduct(Int64(ask.parts)))
            } else if mustBound {
                return .failure(
                    .badRequest(
                        code: "unsupported_parameter", param: ask.firstPart ?? "messages",
                        message: "This model takes no image, audio or file parts from a tenant with a spend cap."))
            }
        }
        if let window = model.contextWindow {
            input = min(input, window.clampedProduct(ask.choices))
        }
        let asked = ask.maxTokens ?? model.maxOutputTokens
        let sent = min(asked, model.maxOutputTokens)
        return .success(
            CostEstimate(
                inputTokens: input, maxTokens: sent, choices: ask.choices,
                isLowered: ask.maxTokens.map { $0 > sent } ?? false))
    }

    /// What the whole bound costs at these rates.
    func cost(_ rates: Rates) -> Money {
        CostCalculator.bound(UsageBound(inputTokens: inputTokens, outputTokens: outputTokens), rates: rates)
    }

    /// What the least useful answer of `floor` output tokens (or fewer, if fewer were asked for) costs.
    func floorCost(_ rates: Rates, floor: Int64) -> Money {
        let tokens = min(floor, maxTokens).clampedProduct(choices)
        return CostCalculator.bound(UsageBound(inputTokens: inputTokens, outputTokens: tokens), rates: rates)
    }

    /// Lowers the output bound to what `amount` pays for.
    mutating func trim(to amount: Money, rates: Rates) {
        let afforded = CostCalculator.outputTokens(
            affordedBy: amount, UsageBound(inputTokens: inputTokens), rates: rates)
        let perChoice = max(1, afforded / max(choices, 1))
        if perChoice < maxTokens {
            maxTokens = perChoice
            isLowered = true
        }
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
