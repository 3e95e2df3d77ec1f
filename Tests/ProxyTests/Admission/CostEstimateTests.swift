import Billing
import NIOCore
import Tenancy
import Testing

@testable import Proxy

/// The bound of a call before it is made.
struct CostEstimateTests {
    private func ask(_ json: String) throws -> Ask {
        try Ask.parse(ByteBuffer(string: json), kind: .chatCompletions).get()
    }

    private func model(window: Int64? = nil, parts: Int64? = nil) -> ModelDefinition {
        var model = ModelDefinition(
            name: "m", targets: [ModelTarget(pool: "p")], maxOutputTokens: 100,
            createdAt: Timestamp(microseconds: 0))
        model.contextWindow = window
        model.partTokensMax = parts
        return model
    }

    private func rates() throws -> Rates {
        try Rates(perMillion: ["input": "1", "output": "2"])
    }

    @Test
    func `input is bounded by the body's bytes and the template's overhead`() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
        let estimate = try CostEstimate.make(try ask(body), model: model(), mustBound: true).get()
        #expect(estimate.inputTokens == Int64(body.utf8.count) + 256)
        #expect(estimate.maxTokens == 100)
        #expect(!estimate.isLowered)
    }

    @Test
    func `a context window bounds the input further`() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
        #expect(try CostEstimate.make(try ask(body), model: model(window: 64), mustBound: true).get().inputTokens == 64)
    }

    @Test
    func `more output than the model gives is lowered and said so`() throws {
        let body = #"{"model":"m","max_tokens":500,"messages":[{"role":"user","content":"hi"}]}"#
        let estimate = try CostEstimate.make(try ask(body), model: model(), mustBound: true).get()
        #expect(estimate.maxTokens == 100)
        #expect(estimate.isLowered)
    }

    @Test
    func `every choice counts`() throws {
        let body = #"{"model":"m","n":3,"max_tokens":10,"messages":[{"role":"user","content":"hi"}]}"#
        #expect(try CostEstimate.make(try ask(body), model: model(), mustBound: true).get().outputTokens == 30)
    }

    @Test
    func `a part without a known size is refused when a cap applies`() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]}"#
        guard
            case .failure(.badRequest(_, let param, _)) = CostEstimate.make(
                try ask(body), model: model(), mustBound: true)
        else {
            Issue.record("nothing bounds the part")
            return
        }
        #expect(param == "messages[0].content[0]")
        let known = try CostEstimate.make(try ask(body), model: model(parts: 1000), mustBound: true).get()
        #expect(known.inputTokens == Int64(body.utf8.count) + 256 + 1000)
    }

    @Test
    func `a trimmed bound never costs more than what was granted`() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
        var estimate = try CostEstimate.make(try ask(body), model: model(window: 10), mustBound: true).get()
        let granted = Money(pico: 10_000_000 + 2_000_000 * 37 + 1)
        estimate.trim(to: granted, rates: try rates())
        #expect(estimate.maxTokens == 37)
        #expect(estimate.isLowered)
        #expect(try estimate.cost(rates()) <= granted)
    }
}
