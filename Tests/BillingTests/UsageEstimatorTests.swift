import Testing

@testable import Billing

struct UsageEstimatorTests {
    private static let chat = UsageEstimator.Subject(model: "m", kind: 0)
    private static let unbound = UsageBound(inputTokens: .max, outputTokens: .max, seconds: .max)

    private func estimate(_ estimator: UsageEstimator, _ seen: CallEvidence) -> TokenUsage {
        estimator.estimate(Self.chat, seen, within: Self.unbound)
    }

    @Test func anUnknownModelHasFourBytesATokenAndATokenAnEventAtLeast() {
        let estimator = UsageEstimator()
        #expect(
            estimate(estimator, CallEvidence(requestBytes: 9, textBytes: 8)) == TokenUsage(input: 3, output: 2))
        #expect(estimate(estimator, CallEvidence(textBytes: 8, textEvents: 5)) == TokenUsage(output: 5))
        #expect(estimate(estimator, CallEvidence(textBytes: 80, textEvents: 5)) == TokenUsage(output: 20))
        #expect(estimate(estimator, CallEvidence(audioBytes: 16_001)) == TokenUsage(second: 2))
    }

    @Test func reportsMoveTheRatios() {
        let estimator = UsageEstimator()
        for _ in 0..<100 {
            estimator.learn(
                Self.chat, CallEvidence(requestBytes: 1000, audioBytes: 100),
                usage: TokenUsage(input: 500, output: 9, second: 10))
        }
        let usage = estimate(estimator, CallEvidence(requestBytes: 1000, textBytes: 400, audioBytes: 50))
        #expect(usage == TokenUsage(input: 500, output: 100, second: 5))
    }

    @Test func aRequestThatIsMostlyPaddingDoesNotMakeOthersCheap() {
        let estimator = UsageEstimator()
        let usual = CallEvidence(requestBytes: 400_000)
        for _ in 0..<10 { estimator.learn(Self.chat, usual, usage: TokenUsage(input: 100_000)) }
        estimator.learn(Self.chat, CallEvidence(requestBytes: 1 << 25), usage: TokenUsage(input: 10))
        #expect(estimate(estimator, usual).input > 50_000)
    }

    @Test func otherRoutesAndModelsLearnNothing() {
        let estimator = UsageEstimator()
        estimator.learn(Self.chat, CallEvidence(textBytes: 100), usage: TokenUsage(output: 100))
        #expect(estimate(estimator, CallEvidence(textBytes: 40)).output == 40)
        for other in [UsageEstimator.Subject(model: "m", kind: 1), UsageEstimator.Subject(model: "n", kind: 0)] {
            let usage = estimator.estimate(other, CallEvidence(textBytes: 40), within: Self.unbound)
            #expect(usage.output == 10)
        }
    }

    @Test func bytesOfPicturesAndRecordingsTeachNothingAboutText() {
        let estimator = UsageEstimator()
        for usage in [TokenUsage(inputAudio: 5), TokenUsage(input: 1, inputImage: 5)] {
            estimator.learn(Self.chat, CallEvidence(requestBytes: 1_000_000), usage: usage)
        }
        #expect(estimate(estimator, CallEvidence(requestBytes: 40)).input == 10)
    }

    @Test func aStreamLearnsFromWholeAnswersUntilStreamsReport() {
        let estimator = UsageEstimator()
        estimator.learn(Self.chat, CallEvidence(textBytes: 300), usage: TokenUsage(output: 100))
        #expect(estimate(estimator, CallEvidence(textBytes: 60, textEvents: 7)).output == 20)
        estimator.learn(Self.chat, CallEvidence(textBytes: 300, textEvents: 50), usage: TokenUsage(output: 100))
        #expect(estimate(estimator, CallEvidence(textBytes: 60, textEvents: 7)).output == 14)
    }

    /// One token an event, whatever its bytes: counting events is exact, dividing bytes is not.
    @Test func eventsCountWhereTheyWereNearer() {
        let estimator = UsageEstimator()
        for bytes in [200, 700, 300, 600] as [Int64] {
            estimator.learn(
                Self.chat, CallEvidence(textBytes: bytes, textEvents: 100), usage: TokenUsage(output: 100))
        }
        #expect(estimate(estimator, CallEvidence(textBytes: 9000, textEvents: 37)).output == 37)
    }

    /// Events of any size: their number says little, the bytes say it all.
    @Test func bytesCountWhereTheyWereNearer() {
        let estimator = UsageEstimator()
        for events in [2, 40, 5, 90] as [Int64] {
            estimator.learn(
                Self.chat, CallEvidence(textBytes: 500, textEvents: events), usage: TokenUsage(output: 100))
        }
        #expect(estimate(estimator, CallEvidence(textBytes: 50, textEvents: 3)).output == 10)
    }

    @Test func estimatesStayWithinTheBounds() {
        let usage = UsageEstimator().estimate(
            Self.chat, CallEvidence(requestBytes: .max, textBytes: .max, textEvents: .max, audioBytes: .max),
            within: UsageBound(inputTokens: 10, outputTokens: 20, seconds: 30))
        #expect(usage == TokenUsage(input: 10, output: 20, second: 30))
    }

    @Test func absurdReportsDoNotTrap() {
        let estimator = UsageEstimator()
        let extremes: [Int64] = [.min, -1, 0, 1, .max]
        for seen in extremes {
            for used in extremes {
                let usage = TokenUsage(input: used, output: used, second: used)
                for events in extremes {
                    let evidence = CallEvidence(
                        requestBytes: seen, textBytes: seen, textEvents: events, audioBytes: seen)
                    estimator.learn(Self.chat, evidence, usage: usage)
                    let guess = estimate(estimator, evidence)
                    #expect(guess.input >= 0 && guess.output >= 0 && guess.second >= 0)
                }
            }
        }
    }
}
