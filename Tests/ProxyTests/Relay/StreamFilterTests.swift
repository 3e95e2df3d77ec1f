import Billing
import NIOCore
import Testing

@testable import Proxy

@Suite struct StreamFilterTests {
    private static let piece = #"{"choices":[{"delta":{"content":"x"},"finish_reason":null}]"#
    private static let usage = #""usage":{"prompt_tokens":3,"completion_tokens":2}"#

    @Test func aClientThatAskedGetsEveryByte() throws {
        let texts = [
            "data: \(Self.piece),\"usage\":null}\n\n", ": ping\n\n", "data: {\"choices\":[],\(Self.usage)}\n\n",
        ]
        var filter = StreamFilter(hidesUsage: false)
        for text in texts { #expect(try filter.judge(event(text)) == .forward(ByteBuffer(string: text))) }
        #expect(filter.scanner.latest?.usage.output == 2)
        #expect(try filter.judge(event("data: [DONE]\n\n")) == .end(ByteBuffer(string: "data: [DONE]\n\n")))
    }

    @Test(arguments: [
        ("data: PIECE,\"usage\":null}\n\n", "data: PIECE}\n\n"),
        ("data: PIECE , \"usage\" : null , \"z\":1}\r\n\r\n", "data: PIECE  , \"z\":1}\r\n\r\n"),
        ("id: 4\ndata: {\"usage\":null,\"choices\":[]}\n\n", "id: 4\ndata: {\"choices\":[]}\n\n"),
        ("data: {\"usage\":null}\n\n", "data: {}\n\n"), ("data: PIECE,USAGE}\n\n", "data: PIECE}\n\n"),
        ("event: e\ndata: PIECE,\ndata: \"usage\":null}\n\n", "event: e\ndata: PIECE}\n\n"),
        ("data: PIECE}\n\n", "data: PIECE}\n\n"), ("data: not json\n\n", "data: not json\n\n"),
        (": ping\n\n", ": ping\n\n"),
        ("data: {\"usage\":null,\ndata: \"choices\":[\ndata: ]}\n\n", "data: {\ndata: \"choices\":[\ndata: ]}\n\n"),
    ])
    func usageIsCutForAClientThatDidNotAsk(_ text: String, _ expected: String) throws {
        var filter = StreamFilter(hidesUsage: true)
        let verdict = try filter.judge(event(filled(text)))
        guard case .forward(let bytes) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(String(buffer: bytes) == filled(expected))
    }

    @Test func theForcedUsageEventIsDroppedAndRead() throws {
        var filter = StreamFilter(hidesUsage: true)
        #expect(try filter.judge(event(filled("data: {\"choices\":[],USAGE}\n\n"))) == .drop)
        #expect(filter.scanner.latest?.usage.input == 3)
        #expect(try filter.judge(event(filled("data: {USAGE}\n\n"))) == .drop)
    }

    @Test func aFailureKnowsWhetherContentWentBefore() throws {
        let failure = "data: {\"error\":{\"message\":\"x\"}}\n\n"
        var filter = StreamFilter(hidesUsage: true)
        let bytes = ByteBuffer(string: failure)
        #expect(try filter.judge(event(failure)) == .failure(bytes, afterContent: false))
        _ = try filter.judge(event(filled("data: PIECE}\n\n")))
        #expect(try filter.judge(event(failure)) == .failure(bytes, afterContent: true))
    }

    @Test func noticesTheEndOfAChoiceAndMalformedEvents() throws {
        var filter = StreamFilter(hidesUsage: false)
        _ = try filter.judge(event(filled("data: PIECE}\n\n")))
        #expect(!filter.hasFinishReason)
        _ = try filter.judge(event("data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n"))
        #expect(filter.hasFinishReason)
        _ = try filter.judge(event("data: {\n\n"))
        #expect(filter.malformedEvents == 1)
    }

    @Test(arguments: ["data: [DONE]\n\n", "data:[DONE]\n\n", "data: [DONE] \r\n\r\n"])
    func everySpellingOfTheEndMarkIsSeen(_ text: String) throws {
        var filter = StreamFilter(hidesUsage: true)
        #expect(try filter.judge(event(text)) == .end(ByteBuffer(string: text)))
        let other = "data: [DONE]x\n\n"
        #expect(try filter.judge(event(other)) == .forward(ByteBuffer(string: other)))
    }

    private func filled(_ text: String) -> String {
        text.replacing("PIECE", with: Self.piece).replacing("USAGE", with: Self.usage)
    }

    private func event(_ text: String) throws -> ServerSentEvent {
        var stream = ServerSentEvents()
        stream.feed(ByteBuffer(string: text))
        return try #require(try stream.next())
    }
}
