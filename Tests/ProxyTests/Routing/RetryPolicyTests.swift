import Testing

@testable import Proxy

struct RetryPolicyTests {
    static let cases: [(AttemptFault.Kind, Int, Bool, RetryPolicy.Decision)] = [
        (.notSent, 1, false, .retry), (.notSent, 2, false, .retry), (.notSent, 3, false, .retry),
        (.rateLimited, 1, false, .retryFromBudget), (.failed, 2, false, .retryFromBudget),
        (.hung, 1, false, .retryFromBudget), (.credentialRefused, 1, false, .retryFromBudget),
        (.failed, 3, false, .answer), (.failed, 1, true, .answer), (.notSent, 1, true, .answer),
        (.rateLimited, 3, false, .retryFromBudget), (.hung, 3, false, .answer), (.rateLimited, 3, true, .answer),
    ]

    @Test(arguments: cases)
    func `a fault is made good before the first byte, and beyond the attempts only what ends in a 503`(
        _ kind: AttemptFault.Kind, _ attempts: Int, _ hasBytes: Bool, _ expected: RetryPolicy.Decision
    ) {
        let decision = RetryPolicy(maxAttempts: 3)
            .decide(AttemptFault(kind: kind, reason: ""), attempts: attempts, clientHasBytes: hasBytes)
        #expect(decision == expected)
    }
}

struct RetryBudgetTests {
    @Test
    func `a hundred retries are saved up, then one for every ten requests`() {
        var budget = RetryBudget()
        #expect((1...101).count { _ in budget.takeRetry() } == 100)
        for _ in 1...9 { budget.addRequest() }
        #expect(budget.takeRetry() == false)
        budget.addRequest()
        #expect(budget.takeRetry() == true)
        #expect(budget.takeRetry() == false)
    }

    @Test
    func `no more than a hundred are saved up`() {
        var budget = RetryBudget()
        for _ in 1...5000 { budget.addRequest() }
        #expect(budget.retries == 100)
    }
}
