import Billing
import Testing

@testable import AdminAPI

@Suite struct UsageKindTests {
    @Test(
        "a model's usage says what kind it is of",
        arguments: [
            (TokenUsage(input: 5, output: 1), UsageKind.completions), (TokenUsage(input: 5), .embeddings),
            (TokenUsage(), .completions), (TokenUsage(outputReasoning: 3), .completions),
            (TokenUsage(input: 9, output: 9, image: 2), .images), (TokenUsage(character: 4), .audioSpeeches),
            (TokenUsage(output: 8, second: 4), .audioTranscriptions), (TokenUsage(search: 1), .embeddings),
            (TokenUsage(inputCacheRead: 5), .embeddings),
        ])
    func kinds(usage: TokenUsage, kind: UsageKind) {
        #expect(UsageKind(of: usage) == kind)
    }
}
