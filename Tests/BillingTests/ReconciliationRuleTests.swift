import Tenancy
import Testing

@testable import Billing

struct ReconciliationRuleTests {
    private func use(
        _ model: String, _ cost: Int, calls: Int64 = 5, unpriced: Int64 = 0, unanswered: Int64 = 0,
        estimated: Int64 = 0, cache: Int64 = 0
    ) -> CapturedUse {
        CapturedUse(
            day: "2026-11-01", model: model, cost: Money(pico: Int128(cost)), calls: calls, unpriced: unpriced,
            unanswered: unanswered, estimated: estimated, cacheTokens: cache)
    }

    private func bill(_ model: String?, _ amount: Int, day: String = "2026-11-01") -> BilledAmount {
        BilledAmount(day: day, model: model, amount: Money(pico: Int128(amount)))
    }

    private func cause(_ use: CapturedUse?, _ billed: Int) -> ReconciliationLine.Cause? {
        ReconciliationRule.lines([bill("m", billed)], use.map { [$0] } ?? []).first?.cause
    }

    @Test func theLikeliestCauseIsNamed() {
        #expect(cause(use("m", 1000), 1000) == .agrees)
        #expect(cause(use("m", 1005), 1000) == .agrees && cause(use("m", 1006), 1000) == .priceVersion)
        #expect(cause(use("m", 0, unpriced: 3), 1000) == .noUpstreamPrice)
        #expect(cause(nil, 1000) == .offGateway && cause(use("m", 500), 1000) == .offGateway)
        #expect(cause(use("m", 500, unanswered: 1, cache: 9), 1000) == .unanswered)
        #expect(cause(use("m", 500, cache: 9), 1000) == .cacheTokens)
        #expect(cause(use("m", 500, estimated: 1), 1000) == .estimatedUsage)
        #expect(cause(use("m", 2000, cache: 9), 1000) == .cacheTokens)
        #expect(cause(use("m", 2000, estimated: 9), 1000) == .estimatedUsage)
        #expect(cause(use("m", 2000), 0) == .notBilled)
    }

    @Test func daysAndModelsMeetUnderOneName() throws {
        let lines = ReconciliationRule.lines(
            [
                bill("gpt-4o-mini-2024-07-18", 300), bill("GPT-4o mini", 100), bill("claude-3-5-haiku-20241022", 50),
                bill("x", 5, day: "2026-11-02"),
            ],
            [use("openai/gpt-4o-mini", 200), use("gpt-4o-mini", 100), use("claude-3-5-haiku-latest", 50)])
        #expect(lines.map(\.model) == ["claude-3-5-haiku", "gpt-4o-mini", "x"])
        #expect(lines.map(\.ratio) == ["1.0000", "0.7500", "0.0000"])
        #expect(lines.map(\.captured.decimal) == ["0.00000000005", "0.0000000003", "0"])
        #expect(lines.map(\.day) == ["2026-11-01", "2026-11-01", "2026-11-02"])
    }

    @Test func whatHasNoModelIsALineOfItsOwnBesideThoseThatHave() throws {
        let lines = ReconciliationRule.lines(
            [bill("a", 200), bill(nil, 30), bill(nil, 300, day: "2026-11-02")],
            [use("a", 200), use("b", 100)])
        #expect(lines.map(\.model) == [nil, "a", "b", nil])
        #expect(lines.map(\.cause) == [.noModel, .agrees, .notBilled, .offGateway])
        #expect(lines.map(\.billed.pico) == [30, 200, 0, 300])
    }

    @Test func aBillWithoutModelsMeetsTheWholeDay() throws {
        let lines = ReconciliationRule.lines([bill(nil, 300)], [use("a", 200), use("b", 100)])
        #expect(lines.count == 1 && lines[0].model == nil && lines[0].cause == .agrees && lines[0].calls == 10)
    }

    @Test(arguments: [
        ("gpt-4", "gpt-4"), ("gpt-4-0613", "gpt-4-0613"), ("o1-2024-12-17", "o1"), ("a/b/c-20250101", "c"),
        ("Claude Sonnet 4", "claude-sonnet-4"), ("2024-12-17", "2024-12-17"), ("", ""),
    ])
    func namesHaveOneSpelling(name: String, key: String) {
        #expect(ReconciliationRule.key(name) == key)
    }
}
