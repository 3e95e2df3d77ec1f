import NIOCore
import Tenancy
import Testing

@testable import Proxy

/// The last event of a stream that broke, in each route's words.
struct BrokenStreamEventTests {
    private func text(_ dialect: Dialect, _ shape: ErrorShape) -> String {
        var random = SplitMix64(seed: 1)
        let id = RequestID.make(at: Timestamp(microseconds: 0), using: &random)
        let error = ErrorResponse(.upstreamError("It broke."), shape: shape)
        return String(
            buffer: BrokenStreamEvent.bytes(error, dialect: dialect, requestID: id, sequence: 9))
    }

    @Test
    func `chat has a data event with an error`() {
        #expect(text(.openAI, .openAI).hasPrefix("data: {\"error\":{\"message\":\"It broke.\""))
    }

    @Test
    func `messages have an event named error`() {
        let text = text(.anthropic, .anthropic)
        #expect(text.hasPrefix("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\""))
        #expect(text.hasSuffix("}\n\n"))
    }

    @Test
    func `responses have the error at the top, with its place in the stream`() {
        let expected =
            "event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_error\",\"message\":\"It broke.\","
            + "\"param\":null,\"sequence_number\":9}\n\n"
        #expect(text(.responses, .openAI) == expected)
    }
}
