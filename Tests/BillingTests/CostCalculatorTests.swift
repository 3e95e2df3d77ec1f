import Testing

@testable import Billing

struct CostCalculatorTests {
    private let rates = Rates(input: 150_000, output: 600_000, others: [.inputCacheRead: 75_000])

    @Test func costIsUnitsTimesPrice() {
        let usage = TokenUsage(input: 100, inputCacheRead: 40, output: 7, outputReasoning: 3)
        #expect(CostCalculator.cost(usage, rates: rates).pico == 100 * 150_000 + 40 * 75_000 + 10 * 600_000)
    }

    @Test func theBoundIsNeverBelowTheCost() {
        let dear = Rates(input: 1, output: 2, others: [.inputCacheWrite1h: 9, .outputReasoning: 11])
        let usage = TokenUsage(inputCacheWrite1h: 50, outputReasoning: 20)
        let bound = CostCalculator.bound(UsageBound(inputTokens: 50, outputTokens: 20), rates: dear)
        #expect(bound == CostCalculator.cost(usage, rates: dear))
    }

    @Test func absurdFiguresSaturateInsteadOfTrapping() {
        let absurd = Rates(input: .max, output: .max)
        let usage = TokenUsage(
            input: .max, inputCacheRead: .max, inputCacheWrite5m: .max, inputCacheWrite1h: .max, output: .max,
            outputReasoning: .max
        )
        #expect(CostCalculator.cost(usage, rates: absurd) == .lineMaximum)
        #expect(CostCalculator.bound(UsageBound(inputTokens: .max, outputTokens: .max), rates: absurd) == .lineMaximum)
        #expect(CostCalculator.cost(TokenUsage(input: -5, output: .min), rates: absurd) == .zero)
        #expect(usage.total == .max)
    }

    @Test func affordedOutputFitsTheMoney() {
        let money = Money(pico: 10 * 150_000 + 5 * 600_000 + 599_999)
        let ten = UsageBound(inputTokens: 10)
        let tokens = CostCalculator.outputTokens(affordedBy: money, ten, rates: rates)
        #expect(tokens == 5)
        #expect(CostCalculator.bound(UsageBound(inputTokens: 10, outputTokens: tokens), rates: rates) <= money)
        #expect(CostCalculator.outputTokens(affordedBy: .zero, ten, rates: rates) == 0)
        #expect(CostCalculator.outputTokens(affordedBy: money, ten, rates: Rates(input: 1, output: 0)) == .max)
    }
}
