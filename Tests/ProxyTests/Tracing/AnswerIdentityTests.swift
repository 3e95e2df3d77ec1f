import NIOCore
import Testing

@testable import Proxy

@Suite("what an answer calls itself")
struct AnswerIdentityTests {
    private func read(_ texts: String...) -> AnswerIdentity {
        var identity = AnswerIdentity()
        for text in texts { identity.read(ByteBuffer(string: text)) }
        return identity
    }

    @Test func `a chat completion`() {
        let identity = read(
            #"{"id":"chatcmpl-1","model":"gpt-4o-mini-2024","choices":[{"finish_reason":"stop","message":{"id":"no"}},"#
                + #"{"finish_reason":"length"}]}"#)
        #expect(identity.id == "chatcmpl-1" && identity.model == "gpt-4o-mini-2024")
        #expect(identity.finishReasons == ["stop", "length"])
    }

    @Test func `a stream of chat chunks`() {
        let identity = read(
            #"{"id":"c1","model":"m","choices":[{"delta":{"content":"a"},"finish_reason":null}]}"#,
            #"{"id":"c1","model":"m","choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#)
        #expect(identity.id == "c1" && identity.finishReasons == ["tool_calls"])
    }

    @Test func `Anthropic's events`() {
        let identity = read(
            #"{"type":"message_start","message":{"id":"msg_1","model":"claude","stop_reason":null}}"#,
            #"{"type":"content_block_delta","delta":{"type":"text_delta","text":"id"}}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#)
        #expect(identity.id == "msg_1" && identity.model == "claude" && identity.finishReasons == ["end_turn"])
    }

    @Test func `a response's events`() {
        let identity = read(#"{"type":"response.completed","response":{"id":"resp_1","model":"gpt-5"}}"#)
        #expect(identity.id == "resp_1" && identity.model == "gpt-5")
    }

    @Test func `what is no JSON, or breaks off, changes nothing`() {
        let whole = #"{"id":"c1","model":"m"}"#
        #expect(read(whole, "x", #"{"id":"c2""#, "[1]", "") == read(whole))
    }

    @Test func `long texts and odd types are no names`() {
        let long = String(repeating: "a", count: 257)
        #expect(read(#"{"id":7,"model":"\#(long)","choices":{"finish_reason":"stop"}}"#) == AnswerIdentity())
    }

    @Test func `reasons are bounded in number`() {
        let choices = Array(repeating: #"{"finish_reason":"stop"}"#, count: 100).joined(separator: ",")
        #expect(read(#"{"choices":[\#(choices)]}"#).finishReasons.count == 16)
    }
}
