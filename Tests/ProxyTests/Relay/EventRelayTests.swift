import NIOCore
import Testing

@testable import Proxy

/// What of a stream may go on, and what is a fault.
struct EventRelayTests {
    private static let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
    private static let end = "data: [DONE]\n\n"

    private func feed(_ relay: EventRelay, _ text: String) -> String? {
        relay.feed(ByteBuffer(string: text)).map { String(buffer: $0) }
    }

    @Test
    func `comments wait for the first event and go with it`() {
        let relay = EventRelay(.openAI, hidesUsage: false)
        let first = feed(relay, ": working\n\n")
        let second = feed(relay, "data:\n\n" + Self.piece)
        let third = feed(relay, ": later\n\n")
        #expect(first == nil)
        #expect(second == ": working\n\ndata:\n\n" + Self.piece)
        #expect(third == ": later\n\n")
        #expect(relay.fault == nil)
    }

    static let faults: [(String, AttemptFault?)] = [
        ("data: {\"error\":{\"message\":\"no\"}}\n\n", .errorObject),
        ("data: {\"error\":{\"code\":429}}\n\n", .rateLimitObject),
        (": hello\n\ndata: {\"error\":{\"code\":\"429\"}}\n\n", .rateLimitObject),
        ("data: {\"error\":{\"type\":\"rate_limit_error\"}}\n\n", .rateLimitObject),
        ("data: {\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"x\"}}\n\n", .rateLimitObject),
        ("data: {\"error\":\"429\"}\n\n", .errorObject),
        ("data: {\"error\":{\"code\":500},\"x\":{\"code\":429}}\n\n", .errorObject),
        ("data: not json\n\n", .malformed), ("data: \"text\"\n\n", .malformed), ("data: {\"a\":\n\n", .malformed),
        ("data: {\"error\":null,\"choices\":[{}]}\n\n", nil), (": only a comment\n\n", nil),
    ]

    @Test(arguments: faults)
    func `the first event decides whether the stream is an answer`(_ text: String, _ fault: AttemptFault?) {
        let relay = EventRelay(.openAI, hidesUsage: false)
        let forward = feed(relay, text)
        #expect(relay.fault == fault)
        #expect(fault == nil || forward == nil)
    }

    @Test
    func `what came before a fault still goes on`() {
        let relay = EventRelay(.openAI, hidesUsage: false)
        let forward = feed(relay, Self.piece + "data: {broken\n\n" + Self.piece)
        #expect(forward == Self.piece)
        #expect(relay.fault == .malformed)
    }

    @Test
    func `the end mark and all after it are held back`() {
        let relay = EventRelay(.openAI, hidesUsage: false)
        let forward = feed(relay, Self.piece + Self.end + ": bye\n\n")
        #expect(forward == Self.piece)
        #expect(relay.isComplete)
        #expect(String(buffer: relay.heldBack) == Self.end + ": bye\n\n")
    }

    @Test
    func `comments before an end mark that is the whole stream go with it`() {
        let relay = EventRelay(.openAI, hidesUsage: false)
        let comments = ": " + String(repeating: "p", count: 60_000) + "\n\n"
        let forward = feed(relay, comments + Self.end + ": " + String(repeating: "q", count: 9000) + "\n\n")
        #expect(forward == nil)
        #expect(relay.isComplete)
        #expect(String(buffer: relay.heldBack) == comments + Self.end)
    }

    private static let last = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"

    @Test
    func `without an end mark the last event is held back`() {
        let relay = EventRelay(.openAI, hidesUsage: false)
        let forward = feed(relay, Self.piece + Self.last)
        #expect(forward == Self.piece)
        #expect(relay.finish() == nil)
        #expect(!relay.isComplete)
        #expect(relay.isAnswer)
        #expect(String(buffer: relay.heldBack) == Self.last)
    }

    @Test
    func `what may be the last event goes on when another follows`() {
        let relay = EventRelay(.openAI, hidesUsage: false)
        let first = feed(relay, ": hello\n\n" + Self.last)
        let second = feed(relay, ": more\n\n")
        #expect(first == nil)
        #expect(second == ": hello\n\n" + Self.last + ": more\n\n")
        let third = feed(relay, Self.last)
        let fourth = feed(relay, Self.end)
        #expect(third == nil)
        #expect(fourth == Self.last)
        #expect(String(buffer: relay.heldBack) == Self.end)
    }

    @Test
    func `a stream that breaks gives up what waited`() {
        let relay = EventRelay(.openAI, hidesUsage: false)
        _ = feed(relay, Self.piece + Self.last)
        #expect(relay.giveUp().map { String(buffer: $0) } == Self.last)
        #expect(relay.giveUp() == nil)
        let forward = feed(relay, Self.last + "data: {broken\n\n")
        #expect(forward == Self.last)
        #expect(relay.fault == .malformed)
    }

    @Test
    func `a failed response is tried elsewhere only while the client has nothing`() {
        let failed =
            #"data: {"type":"response.failed","sequence_number":7,"response":{"error":{"code":"429"}}}"# + "\n\n"
        var relay = EventRelay(.responses, hidesUsage: false)
        #expect(feed(relay, failed) == nil)
        #expect(relay.fault == .rateLimitObject)
        relay = EventRelay(.responses, hidesUsage: false)
        let created = "data: {\"type\":\"response.created\",\"sequence_number\":0}\n\n"
        #expect(feed(relay, created + failed) == created)
        #expect(relay.fault == nil)
        #expect(relay.endFault == .rateLimitObject)
        #expect(relay.isComplete)
        #expect(relay.nextSequence == 8)
    }

    @Test
    func `a long end mark is held back whole`() {
        let image = String(repeating: "A", count: 3 << 20)
        let done = "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"\(image)\"}\n\n"
        let relay = EventRelay(.images, hidesUsage: false)
        #expect(feed(relay, done) == nil)
        #expect(relay.heldBack.readableBytes == done.utf8.count)
        #expect(relay.scanner.images == 1)
        let chat = EventRelay(.openAI, hidesUsage: false)
        _ = feed(chat, "data: " + image)
        #expect(chat.fault == .malformed)
    }
}
