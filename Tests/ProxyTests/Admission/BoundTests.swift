import Billing
import Tenancy
import Testing

@testable import Proxy

/// The hold is a bound: no tokenizer and no answer within what was sent can cost more.
struct BoundTests {
    @Test(arguments: RandomCall.kinds)
    func `the worst tokenizer stays within the bound`(_ kind: AskKind) throws {
        var random = RandomBody(seed: UInt64(AskKind.allCases.firstIndex(of: kind) ?? 0))
        let start = Timestamp(microseconds: 0)
        let model = ModelDefinition(
            name: "m", targets: [ModelTarget(pool: "p")], maxOutputTokens: Int64(RandomCall.maxOutput),
            inputOverheadTokens: Int64(RandomCall.overhead), partTokensMax: Int64(RandomCall.perPart), createdAt: start)
        let rates = [
            Rates(input: 3, output: 11, others: [.inputCacheWrite1h: 7, .outputReasoning: 13]),
            Rates(input: 5, output: 7), Rates(input: 1, output: 40),
        ]
        let versions = zip(rates, [(nil, nil), ("priority", nil), (nil, 300)] as [(String?, Int64?)]).enumerated().map {
            PriceVersion(
                id: "prc_\($0.offset)", model: "m", tier: $0.element.1.0, aboveTokens: $0.element.1.1,
                effectiveFrom: start, publishedAt: start, rates: $0.element.0)
        }
        let sheet = try #require(PriceBook(versions).sheet(model: "m", tenantID: ID("ten_1"), at: start))
        for _ in 0..<400 {
            let call = RandomCall(kind, &random)
            let ask = try AskCase.parse(call.members, kind).get()
            let estimate = try CostEstimate.make(ask, model: model, sheet: sheet, mustBound: true).get()
            #expect(estimate.inputTokens >= Int64(call.inputTokens), "\(call.members)")
            #expect(estimate.outputTokens >= Int64(call.outputTokens), "\(call.members)")
            let used = TokenUsage(
                input: Int64(random.below(call.inputTokens + 1)), output: Int64(random.below(call.outputTokens + 1)))
            let worst = TokenUsage(
                inputCacheWrite1h: Int64(call.inputTokens), outputReasoning: Int64(call.outputTokens))
            for usage in [used, worst] {
                for tiers in [[], ["priority"]] {
                    let cost = sheet.cost(usage, tiers: tiers, ppm: 1_250_000).cost
                    #expect(cost <= estimate.cost(sheet, ppm: 1_250_000), "\(call.members)")
                }
            }
        }
    }
}
