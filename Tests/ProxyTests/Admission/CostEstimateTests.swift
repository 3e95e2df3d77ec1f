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

    private func sheet() throws -> PriceSheet {
        try sheet(Rates(perMillion: ["input": "1", "output": "2"]))
    }

    private func sheet(_ rates: Rates) throws -> PriceSheet {
        let start = Timestamp(microseconds: 0)
        let price = PriceVersion(id: "prc_1", model: "m", effectiveFrom: start, publishedAt: start, rates: rates)
        return try #require(PriceBook([price]).sheet(model: "m", tenantID: ID("ten_1"), at: start))
    }

    private func estimate(
        _ kind: AskKind, _ members: String, model: ModelDefinition? = nil, _ sheet: PriceSheet? = nil
    ) throws -> Result<CostEstimate, Denial> {
        let ask = try AskCase.parse(members, kind).get()
        return CostEstimate.make(ask, model: model ?? self.model(), sheet: try sheet ?? self.sheet(), mustBound: true)
    }

    private func fault(_ result: Result<CostEstimate, Denial>) -> String? {
        guard case .failure(.badRequest(let code, let param, _)) = result else { return nil }
        return code + " " + (param ?? "")
    }

    @Test
    func `input is bounded by the body's bytes and the template's overhead`() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
        let estimate = try CostEstimate.make(try ask(body), model: model(), sheet: sheet(), mustBound: true).get()
        #expect(estimate.inputTokens == Int64(body.utf8.count) + 256)
        #expect(estimate.maxTokens == 100)
        #expect(!estimate.isLowered)
    }

    @Test
    func `a context window bounds the input further`() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
        #expect(
            try CostEstimate.make(try ask(body), model: model(window: 64), sheet: sheet(), mustBound: true).get()
                .inputTokens == 64)
    }

    @Test
    func `more output than the model gives is lowered and said so`() throws {
        let body = #"{"model":"m","max_tokens":500,"messages":[{"role":"user","content":"hi"}]}"#
        let estimate = try CostEstimate.make(try ask(body), model: model(), sheet: sheet(), mustBound: true).get()
        #expect(estimate.maxTokens == 100)
        #expect(estimate.isLowered)
    }

    @Test
    func `every choice counts`() throws {
        let body = #"{"model":"m","n":3,"max_tokens":10,"messages":[{"role":"user","content":"hi"}]}"#
        #expect(
            try CostEstimate.make(try ask(body), model: model(), sheet: sheet(), mustBound: true).get().outputTokens
                == 30)
    }

    @Test
    func `a part without a known size is refused when a cap applies`() throws {
        let body =
            #"{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]}"#
        guard
            case .failure(.badRequest(_, let param, _)) = CostEstimate.make(
                try ask(body), model: model(), sheet: try sheet(), mustBound: true)
        else {
            Issue.record("nothing bounds the part")
            return
        }
        #expect(param == "messages[0].content[0]")
        let known = try CostEstimate.make(try ask(body), model: model(parts: 1000), sheet: sheet(), mustBound: true)
            .get()
        #expect(known.inputTokens == Int64(body.utf8.count) + 256 + 1000)
    }

    @Test
    func `a trimmed bound never costs more than what was granted`() throws {
        let body = #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
        var estimate = try CostEstimate.make(try ask(body), model: model(window: 10), sheet: sheet(), mustBound: true)
            .get()
        let granted = Money(pico: 10_000_000 + 2_000_000 * 37 + 1)
        estimate.trim(to: granted, sheet: try sheet(), ppm: 1_000_000)
        #expect(estimate.maxTokens == 37)
        #expect(estimate.isLowered)
        #expect(try estimate.cost(sheet(), ppm: 1_000_000) <= granted)
    }

    @Test
    func `where tokens are free a part needs no bound`() throws {
        let image = #""messages":[{"content":[{"type":"image_url"}]}]"#
        #expect(fault(try estimate(.chatCompletions, image)) == "unsupported_parameter messages[0].content[0]")
        let free = try sheet(Rates(input: 0, output: 0))
        #expect(fault(try estimate(.chatCompletions, image, free)) == nil)
        let calls = try sheet(Rates(units: [.request: 5]))
        #expect(try estimate(.chatCompletions, image, calls).get().cost(calls, ppm: 1_000_000) == Money(pico: 5))
    }

    @Test
    func `counting tokens can use nothing`() throws {
        let image = #""messages":[{"content":[{"type":"image","source":{"type":"url"}}]}]"#
        let counted = try estimate(.countTokens, image).get()
        #expect(counted.bound == UsageBound(requests: 0))
        #expect(counted.totalTokens == 0)
    }

    @Test
    func `texts that are read one by one have a window and an overhead each`() throws {
        let three = #""input":["a","b","c"]"#
        let bytes = Int64(#"{"model":"m",}"#.utf8.count + three.utf8.count)
        let estimate = try estimate(.embeddings, three).get()
        #expect(estimate.bound == UsageBound(inputTokens: bytes + 3 * 256))
        #expect(estimate.maxTokens == 0)
        #expect(try self.estimate(.moderations, three, model: model(window: 8)).get().inputTokens == 24)
    }

    @Test
    func `a ranking reads the query with each document, and searches in chunks`() throws {
        let few = try estimate(.rerank, #""query":"q","documents":["a","b"]"#).get()
        let bytes = Int64(#"{"model":"m","query":"q","documents":["a","b"]}"#.utf8.count)
        #expect(few.bound == UsageBound(inputTokens: bytes + 3 * 2 + 256 * 2, searches: 1))
        let many = (0..<101).map { _ in "\"a\"" }.joined(separator: ",")
        #expect(try estimate(.rerank, #""query":"q","documents":[\#(many)]"#).get().bound.searches == 2)
        // 50,000 bytes are at most 101 chunks of 500 tokens less the query's.
        let long = String(repeating: "a", count: 50_000)
        #expect(try estimate(.rerank, #""query":"q","documents":["\#(long)"]"#).get().bound.searches == 2)
    }

    @Test
    func `images may each take the whole output, and partial ones too`() throws {
        let prompt = #""prompt":"p","n":3,"partial_images":1"#
        let estimate = try estimate(.images, prompt).get()
        let bytes = Int64(#"{"model":"m",}"#.utf8.count + prompt.utf8.count)
        #expect(estimate.bound.images == 3)
        #expect(estimate.outputTokens == 600)
        #expect(estimate.inputTokens == bytes * 3 + 256 * 6)
        let each = try sheet(Rates(units: [.image: 40]))
        #expect(estimate.cost(each, ppm: 1_000_000) == Money(pico: 120))
    }

    @Test
    func `speech is bounded by its characters, its output or its seconds`() throws {
        let text = #""input":"h\u00e9llo""#
        let estimate = try estimate(.speech, text).get()
        #expect(estimate.bound.characters == 5)
        #expect(estimate.outputTokens == 100)
        let seconds = try sheet(Rates(units: [.second: 7]))
        #expect(fault(try self.estimate(.speech, text, seconds)) == "unsupported_parameter input")
        var short = model()
        short.audioSecondsMax = 60
        #expect(try self.estimate(.speech, text, model: short, seconds).get().bound.seconds == 60)
    }

    @Test
    func `a recording is bounded by what its price counts`() throws {
        let form =
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nRIFF\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--"
        let ask = try Ask.parse(
            ByteBuffer(string: form), kind: .transcription, contentType: "multipart/form-data; boundary=b"
        ).get()
        let seconds = try sheet(Rates(units: [.second: 7]))
        func make(_ model: ModelDefinition, _ sheet: PriceSheet) -> Result<CostEstimate, Denial> {
            CostEstimate.make(ask, model: model, sheet: sheet, mustBound: true)
        }
        #expect(fault(make(model(), try sheet())) == "unsupported_parameter file")
        #expect(fault(make(model(), seconds)) == "unsupported_parameter file")
        var timed = model()
        timed.audioSecondsMax = 3600
        #expect(fault(make(timed, try sheet())) == "unsupported_parameter file")
        #expect(try make(timed, seconds).get().cost(seconds, ppm: 1_000_000) == Money(pico: 7 * 3600))
        let counted = try make(model(parts: 9000), try sheet()).get()
        #expect(counted.inputTokens == Int64(form.utf8.count) - 4 + 256 + 9000)
        #expect(counted.outputTokens == 100)
    }

    @Test(arguments: [
        #""thinking":{"budget_tokens":50}"#, #""reasoning":{"max_tokens":50}"#, #""thinking_budget":50"#,
    ])
    func `thinking that is asked for on the chat route has to leave room too`(_ asked: String) throws {
        let members = #""messages":[{}],"max_tokens":50,"# + asked
        #expect(fault(try estimate(.chatCompletions, members)) == "invalid_value thinking.budget_tokens")
        let more = #""messages":[{}],"max_tokens":51,"# + asked
        #expect(fault(try estimate(.chatCompletions, more)) == nil)
    }

    @Test
    func `thinking has to leave room for an answer`() throws {
        func thinking(_ budget: Int, _ rest: String = "") -> String {
            #""messages":[{}],"thinking":{"type":"enabled","budget_tokens":\#(budget)}\#(rest)"#
        }
        #expect(fault(try estimate(.messages, thinking(100))) == "invalid_value thinking.budget_tokens")
        #expect(fault(try estimate(.messages, thinking(50, #","max_tokens":50"#))) != nil)
        #expect(fault(try estimate(.messages, thinking(5000, #","max_tokens":9000"#))) != nil)
        var estimate = try estimate(.messages, thinking(40, #","max_tokens":90"#)).get()
        let sheet = try sheet()
        let floor = estimate.floorCost(sheet, floor: 16, ppm: 1_000_000)
        estimate.trim(to: floor, sheet: sheet, ppm: 1_000_000)
        #expect(estimate.maxTokens == 56)
        #expect(estimate.isLowered)
        // Fewer than the floor were asked for: all of them.
        let few = try self.estimate(.messages, thinking(40, #","max_tokens":50"#)).get()
        #expect(few.floorCost(sheet, floor: 16, ppm: 1_000_000) == few.cost(sheet, ppm: 1_000_000))
    }

    @Test
    func `what cannot be told of a lower bound is not trimmed`() throws {
        let sheet = try sheet()
        for (kind, members) in [(AskKind.images, #""prompt":"p""#), (.speech, #""input":"a""#)] {
            var estimate = try estimate(kind, members).get()
            let whole = estimate
            #expect(estimate.floorCost(sheet, floor: 1, ppm: 1_000_000) == whole.cost(sheet, ppm: 1_000_000))
            estimate.trim(to: .zero, sheet: sheet, ppm: 1_000_000)
            #expect(estimate == whole)
        }
    }

    @Test
    func `what providers add for tools is in the bound`() throws {
        let plain = #""messages":[{"content":"hi"}]"#
        let tools = plain + #","tools":[{"type":"bash_20250124","name":"bash"}]"#
        let added = Int64(tools.utf8.count - plain.utf8.count) + 1024 + 2048
        #expect(
            try estimate(.messages, tools).get().inputTokens == estimate(.messages, plain).get().inputTokens + added)
    }
}
