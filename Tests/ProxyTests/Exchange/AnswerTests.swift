import Testing

@testable import Proxy

/// How a head decides what becomes of the body.
struct AnswerTests {
    private enum Kind { case whole, events, body, json, useless, odd, none }

    private func begin(_ status: Int, _ type: String?, _ dialect: Dialect, length: String? = nil) -> Kind {
        var head = UpstreamHead(status: status, headers: [])
        if let type { head.headers.append(("content-type", type)) }
        if let length { head.headers.append(("content-length", length)) }
        let fault = AttemptFault.status(status, retryAfterSeconds: nil)
        switch Answer.begin(head, fault: fault, dialect: dialect, hidesUsage: false, images: 0) {
        case .none: return .none
        case .whole: return .whole
        case .events: return .events
        case .body(let relay): return relay.isJSON ? .json : .body
        case .useless: return .useless
        case .odd: return .odd
        }
    }

    @Test
    func `JSON is held whole up to four mebibytes`() {
        #expect(begin(200, "application/json", .openAI) == .whole)
        #expect(begin(200, nil, .anthropic) == .whole)
        #expect(begin(200, "application/json; charset=utf-8", .transcription) == .whole)
        #expect(begin(200, "application/vnd.x+json", .speech, length: "4194304") == .whole)
        #expect(begin(200, "application/json", .openAI, length: "4194305") == .json)
        #expect(begin(200, "application/json", .images, length: "-1") == .whole)
    }

    @Test
    func `audio and text are relayed as they come, on the routes that have them`() {
        #expect(begin(200, "audio/mpeg", .speech) == .body)
        #expect(begin(200, "text/plain", .transcription) == .body)
        #expect(begin(200, "text/html", .openAI) == .whole)
        #expect(begin(200, "text/event-stream", .speech) == .events)
    }

    @Test
    func `a status decides first`() {
        #expect(begin(400, "text/event-stream", .openAI) == .whole)
        #expect(begin(404, "audio/mpeg", .speech) == .whole)
        #expect(begin(500, "application/json", .openAI) == .useless)
        #expect(begin(201, "application/json", .openAI) == .odd)
        #expect(begin(301, nil, .openAI) == .useless)
    }
}
