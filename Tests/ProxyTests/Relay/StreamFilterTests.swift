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
        var filter = StreamFilter(.openAI, hidesUsage: false)
        for text in texts { #expect(try filter.judge(event(text)).bytes == ByteBuffer(string: text)) }
        #expect(filter.scanner.latest?.usage.output == 2)
        #expect(try filter.judge(event("data: [DONE]\n\n")) == .end(ByteBuffer(string: "data: [DONE]\n\n")))
    }

    @Test(arguments: [
        ("data: PIECE,\"usage\":null}\n\n", "data: PIECE}\n\n"),
        ("data: PIECE , \"usage\" : null , \"z\":1}\r\n\r\n", "data: PIECE  , \"z\":1}\r\n\r\n"),
        ("id: 4\ndata: {\"usage\":null,\"choices\":[]}\n\n", "id: 4\ndata: {\"choices\":[]}\n\n"),
        ("data: {\"usage\":null}\n\n", "data: {}\n\n"), ("data: PIECE,USAGE}\n\n", "data: PIECE}\n\n"),
        ("event: e\ndata: PIECE,\ndata: \"usage\":null}\n\n", "event: e\ndata: PIECE}\n\n"),
        (
            "data: {\"usage\":null,\r\ndata: \"choices\":[]\r\n: c\r\ndata: }\r\nid: 4\r\nretry: 9\r\n\r\n",
            "data: {\r\ndata: \"choices\":[]\r\n: c\r\ndata: }\r\nid: 4\r\nretry: 9\r\n\r\n"
        ),
        ("data: PIECE}\n\n", "data: PIECE}\n\n"), (": ping\n\n", ": ping\n\n"),
        ("data: {\"usage\":null,\ndata: \"choices\":[\ndata: ]}\n\n", "data: {\ndata: \"choices\":[\ndata: ]}\n\n"),
    ])
    func usageIsCutForAClientThatDidNotAsk(_ text: String, _ expected: String) throws {
        var filter = StreamFilter(.openAI, hidesUsage: true)
        let verdict = try filter.judge(event(filled(text)))
        #expect(verdict.bytes.map { String(buffer: $0) } == filled(expected))
    }

    @Test func theForcedUsageEventIsDroppedAndRead() throws {
        var filter = StreamFilter(.openAI, hidesUsage: true)
        #expect(try filter.judge(event(filled("data: {\"choices\":[],USAGE}\n\n"))) == .drop)
        #expect(filter.scanner.latest?.usage.input == 3)
        #expect(try filter.judge(event(filled("data: {USAGE}\n\n"))) == .drop)
    }

    @Test func noticesTheEndOfAChoiceAndMalformedEvents() throws {
        var filter = StreamFilter(.openAI, hidesUsage: false)
        _ = try filter.judge(event(filled("data: PIECE}\n\n")))
        #expect(!filter.hasFinishReason)
        let last = "data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n"
        #expect(try filter.judge(event(last)) == .maybeLast(ByteBuffer(string: last)))
        #expect(filter.hasFinishReason)
        #expect(try filter.judge(event("data: {\n\n")) == .failure(.malformed))
    }

    static let kinds: [(Dialect, String, StreamVerdictKind)] = [
        (.openAI, #"{"error":{"message":"x"}}"#, .failure), (.openAI, #"{"error":null}"#, .forward),
        (.openAI, #"{"type":"message_stop"}"#, .forward),
        (.responses, #"{"type":"response.completed","response":{}}"#, .end),
        (.responses, #"{"type":"response.incomplete"}"#, .end),
        (.responses, #"{"type":"response.failed"}"#, .failedEnd),
        (.responses, #"{"type":"error","code":"x","message":"y"}"#, .failure),
        (.responses, #"{"type":"response.created"}"#, .forward), (.responses, #"{"type":"response.later"}"#, .forward),
        (.anthropic, #"{"type":"message_stop"}"#, .end), (.anthropic, #"{"type":"ping"}"#, .aside),
        (.anthropic, #"{"type":"error","error":{"type":"api_error"}}"#, .failure),
        (.anthropic, #"{"type":"new_kind"}"#, .forward), (.images, #"{"type":"image_edit.completed"}"#, .end),
        (.images, #"{"type":"image_generation.completed"}"#, .end),
        (.images, #"{"type":"image_generation.partial_image"}"#, .forward),
        (.speech, #"{"type":"speech.audio.done"}"#, .end), (.speech, #"{"type":"speech.audio.delta"}"#, .forward),
        (.transcription, #"{"type":"transcript.text.done","text":"a"}"#, .end),
        (.transcription, #"{"type":"transcript.text.delta","delta":"a"}"#, .forward),
    ]

    enum StreamVerdictKind { case forward, aside, end, failedEnd, failure, other }

    @Test(arguments: kinds)
    func everyDialectHasItsEndMarks(_ dialect: Dialect, _ data: String, _ expected: StreamVerdictKind) throws {
        var filter = StreamFilter(dialect, hidesUsage: false)
        let kind: StreamVerdictKind =
            switch try filter.judge(event("data: \(data)\n\n")) {
            case .forward: .forward
            case .aside: .aside
            case .end: .end
            case .failedEnd: .failedEnd
            case .failure: .failure
            case .drop, .maybeLast: .other
            }
        #expect(kind == expected)
    }

    @Test func anEventThatIsNamedAnErrorIsOne() throws {
        var filter = StreamFilter(.openAI, hidesUsage: false)
        #expect(try filter.judge(event("event: error\ndata: {\"detail\":\"x\"}\n\n")) == .failure(.errorObject))
        let other = "event: errors\ndata: {\"detail\":\"x\"}\n\n"
        #expect(try filter.judge(event(other)) == .forward(ByteBuffer(string: other)))
    }

    @Test func everyImageAskedForHasAnEndMark() throws {
        let done = "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"\"}\n\n"
        var filter = StreamFilter(.images, hidesUsage: false, images: 2)
        #expect(try filter.judge(event(done)) == .forward(ByteBuffer(string: done)))
        #expect(try filter.judge(event(done)) == .end(ByteBuffer(string: done)))
        #expect(filter.scanner.images == 2)
    }

    @Test(arguments: ["data: [DONE]\n\n", "data:[DONE]\n\n", "data: [DONE] \r\n\r\n"])
    func everySpellingOfTheEndMarkIsSeen(_ text: String) throws {
        var filter = StreamFilter(.openAI, hidesUsage: true)
        #expect(try filter.judge(event(text)) == .end(ByteBuffer(string: text)))
        let other = "data: [DONE]x\n\n"
        #expect(try filter.judge(event(other)) == .failure(.malformed))
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
