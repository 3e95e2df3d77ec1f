import Testing

@testable import Billing

struct UsageEstimatorTests {
    @Test func anUnknownModelHasFourBytesAToken() {
        let usage = UsageEstimator().estimate(model: "m", requestBytes: 9, responseBytes: 8)
        #expect(usage == TokenUsage(input: 3, output: 2))
    }

    @Test func reportsMoveTheRatio() {
        let estimator = UsageEstimator()
        for _ in 0..<100 {
            estimator.learn(model: "m", requestBytes: 1000, inputTokens: 500, responseBytes: 0, outputTokens: 9)
        }
        let usage = estimator.estimate(model: "m", requestBytes: 1000, responseBytes: 400)
        #expect((490...510).contains(usage.input))
        #expect(usage.output == 100)
    }

    @Test func estimatesStayWithinTheBounds() {
        let usage = UsageEstimator().estimate(
            model: "m", requestBytes: .max, responseBytes: .max, inputBound: 10, outputBound: 20)
        #expect(usage == TokenUsage(input: 10, output: 20))
    }

    @Test func absurdReportsDoNotTrap() {
        let estimator = UsageEstimator()
        for (bytes, tokens) in [(Int64.max, Int64(1)), (1, .max), (-1, -1), (.max, .max)] {
            estimator.learn(
                model: "m", requestBytes: bytes, inputTokens: tokens, responseBytes: bytes, outputTokens: tokens)
        }
        #expect(estimator.estimate(model: "m", requestBytes: .max, responseBytes: -1).output == 0)
    }
}
