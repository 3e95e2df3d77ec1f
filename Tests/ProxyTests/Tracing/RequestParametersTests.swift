import NIOCore
import Testing

@testable import Proxy

@Suite("the parameters a trace names")
struct RequestParametersTests {
    private func read(_ body: String) -> [Span.Attribute] { RequestParameters.read(ByteBuffer(string: body)) }

    @Test func `numbers are told as they were spelled`() {
        let body = #"{"messages":[{"temperature":9}],"temperature":0.70,"top_p":1,"seed":42,"user":"who"}"#
        #expect(
            read(body) == [
                Span.Attribute(name: "gen_ai.request.temperature", value: .number("0.70")),
                Span.Attribute(name: "gen_ai.request.top_p", value: .number("1")),
                Span.Attribute(name: "gen_ai.request.seed", value: .integer(42)),
            ])
    }

    @Test func `content is never told`() {
        #expect(read(#"{"temperature":"hot","seed":1.5,"stop":"secret","top_k":null}"#).isEmpty)
        let long = String(repeating: "1", count: 33)
        #expect(read("{\"temperature\":\(long)}").isEmpty)
    }

    @Test func `a parameter that comes again and again is told once`() {
        #expect(read("{" + String(repeating: "\"top_k\":1,", count: 1000) + "\"seed\":1}").count == 2)
    }

    @Test func `a body that is no JSON tells nothing`() {
        #expect(read(#"{"temperature":0.5"#).isEmpty)
        #expect(read("--form").isEmpty)
    }
}
