import Billing
import NIOCore
import Testing

@testable import Proxy

/// Bodies that are not held whole.
struct BodyRelayTests {
    @Test
    func `the last piece is held back`() {
        let relay = BodyRelay(.speech, contentType: "audio/mpeg", length: nil, isJSON: false)
        let first = relay.feed(ByteBuffer(string: "abc"))
        let none = relay.feed(ByteBuffer())
        let second = relay.feed(ByteBuffer(string: "de"))
        #expect(first == nil)
        #expect(none == nil)
        #expect(second == ByteBuffer(string: "abc"))
        #expect(relay.heldBack == ByteBuffer(string: "de"))
        #expect(relay.reading().fault == nil)
    }

    @Test
    func `speech without a byte is no answer, an empty transcript is one`() {
        let speech = BodyRelay(.speech, contentType: "audio/mpeg", length: 0, isJSON: false)
        #expect(speech.reading().fault == .malformed)
        let text = BodyRelay(.transcription, contentType: "text/plain", length: 0, isJSON: false)
        #expect(text.reading().fault == nil)
    }

    @Test
    func `a JSON body is read as it passes`() {
        let relay = BodyRelay(.openAI, contentType: "application/json", length: nil, isJSON: true)
        _ = relay.feed(ByteBuffer(string: "{\"usage\":{\"prompt"))
        #expect(relay.reading().fault == .malformed)
        _ = relay.feed(ByteBuffer(string: "_tokens\":5}}"))
        #expect(relay.reading().fault == nil)
        #expect(relay.reading().scanner.latest?.usage.input == 5)
        _ = relay.feed(ByteBuffer(string: "{"))
        #expect(relay.isMalformed)
    }
}
