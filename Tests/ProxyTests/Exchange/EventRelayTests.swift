import NIOCore
import Testing

@testable import Proxy

/// What of a stream may go on, and what is a fault.
struct EventRelayTests {
    private static let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
    private static let end = "data: [DONE]\n\n"

    private func feed(_ relay: inout EventRelay, _ text: String) -> String? {
        relay.feed(ByteBuffer(string: text)).map { String(buffer: $0) }
    }

    @Test
    func `comments wait for the first event and go with it`() {
        var relay = EventRelay(hidesUsage: false)
        let first = feed(&relay, ": working\n\n")
        let second = feed(&relay, "data:\n\n" + Self.piece)
        let third = feed(&relay, ": later\n\n")
        #expect(first == nil)
        #expect(second == ": working\n\ndata:\n\n" + Self.piece)
        #expect(third == ": later\n\n")
        #expect(relay.fault == nil)
    }

    static let faults: [(String, AttemptFault?)] = [
        ("data: {\"error\":{\"message\":\"no\"}}\n\n", .errorObject),
        ("data: {\"error\":{\"code\":429}}\n\n", .rateLimitObject),
        (": hello\n\ndata: {\"error\":{\"code\":\"429\"}}\n\n", .rateLimitObject),
        ("data: {\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"x\"}}\n\n", .rateLimitObject),
        ("data: {\"error\":\"429\"}\n\n", .errorObject),
        ("data: {\"error\":{\"code\":500},\"x\":{\"code\":429}}\n\n", .errorObject),
        ("data: not json\n\n", .malformed), ("data: \"text\"\n\n", .malformed), ("data: {\"a\":\n\n", .malformed),
        ("data: {\"error\":null,\"choices\":[{}]}\n\n", nil), (": only a comment\n\n", nil),
    ]

    @Test(arguments: faults)
    func `the first event decides whether the stream is an answer`(_ text: String, _ fault: AttemptFault?) {
        var relay = EventRelay(hidesUsage: false)
        let forward = feed(&relay, text)
        #expect(relay.fault == fault)
        #expect(fault == nil || forward == nil)
    }

    @Test
    func `what came before a fault still goes on`() {
        var relay = EventRelay(hidesUsage: false)
        let forward = feed(&relay, Self.piece + "data: {broken\n\n" + Self.piece)
        #expect(forward == Self.piece)
        #expect(relay.fault == .malformed)
    }

    @Test
    func `the end mark and all after it are held back`() {
        var relay = EventRelay(hidesUsage: false)
        let forward = feed(&relay, Self.piece + Self.end + ": bye\n\n")
        #expect(forward == Self.piece)
        #expect(relay.isComplete)
        #expect(String(buffer: relay.heldBack) == Self.end + ": bye\n\n")
    }
}
