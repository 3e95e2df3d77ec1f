import NIOCore
import NIOHTTP1
import Testing

@testable import Proxy

/// Whose error shape a request target gets, route or not.
struct ErrorShapeTests {
    private func shape(_ target: String, _ headers: HTTPHeaders = [:]) -> ErrorShape {
        ErrorShape(target: target, headers: headers)
    }

    @Test(arguments: [
        "/v1/messages", "/v1/messages?beta=true", "/v1/messages/count_tokens", "/v1/messages/batches", "/v1/messages/",
    ])
    func `on messages and below it is Anthropic's`(target: String) {
        #expect(shape(target) == .anthropic)
    }

    @Test(arguments: ["/v1/messagesX", "/v1/chat/completions", "/v1/message", "/", "", "/v2/messages", "/healthz"])
    func `anywhere else it is OpenAI's`(target: String) {
        #expect(shape(target, ["anthropic-version": "2023-06-01"]) == .openAI)
    }

    @Test
    func `on models it is that of who asks`() {
        for target in ["/v1/models", "/v1/models/a/b", "/v1/models?limit=1"] {
            #expect(shape(target) == .openAI)
            #expect(shape(target, ["Anthropic-Version": "2023-06-01"]) == .anthropic)
        }
    }

    @Test(arguments: [
        ("POST /v1/messages HTTP/1.1\r\nx-long: ", ErrorShape.anthropic as ErrorShape?),
        ("POST /v1/messages?beta=true HTTP", .anthropic), ("PUT /v1/messages/count_tokens", .anthropic),
        ("POST /v1/messagesX HTTP/1.1", nil), ("POST /v1/chat/completions HTTP/1.1\r\n", nil), ("POST ", nil),
        ("", nil), ("POST /v1/messages", nil), ("\u{0}\u{1}", nil),
    ])
    func `of a head that never became whole the first bytes tell`(bytes: String, expected: ErrorShape?) {
        #expect(ErrorShape(firstBytes: ByteBuffer(string: bytes)) == expected)
    }
}
