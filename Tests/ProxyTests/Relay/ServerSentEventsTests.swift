import NIOCore
import Testing

@testable import Proxy

@Suite struct ServerSentEventsTests {
    private struct Event: Equatable {
        var raw: String
        var name = ""
        var data: String?
        var isComplete = true
    }

    @Test func aChunkWithOneEventIsPassedOnWhole() throws {
        let events = try split(["data: {\"a\":1}\n\n"])
        #expect(events == [Event(raw: "data: {\"a\":1}\n\n", data: "{\"a\":1}")])
    }

    @Test func readsNamesCommentsAndLinesOfData() throws {
        let events = try split([
            ": ping\n\nevent: done\nid: 5\ndata: one\ndata:two\ndata\nretry: 1\n\ndatabase: x\n\n\ndata:  spaced \n\n"
        ])
        #expect(events.map(\.data) == [nil, "one\ntwo\n", nil, nil, " spaced "])
        #expect(events.map(\.name) == ["", "done", "", "", ""])
        #expect(events.first?.raw == ": ping\n\n")
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func everyLineEndIsUnderstood(_ end: String) throws {
        let text = "event: a\(end)data: x\(end)data: y\(end)\(end)data: [DONE]\(end)\(end)"
        let events = try split([text])
        #expect(events.map(\.data) == ["x\ny", "[DONE]"])
        #expect(events.map(\.raw).joined() == text)
        #expect(events.map(\.isComplete) == [true, true])
    }

    @Test(arguments: [
        "data: {\"text\":\"é日😀\"}\n\n: c\r\n\r\ndata: a\rdata: b\r\rdata: [DONE]\n\n",
        "\u{FEFF}data: first\r\n\r\n\r\nevent: x\r\ndata: 1\r\ndata: 2\r\n\r\ndata: cut",
        "data: a\n\r\ndata: b\r\n\ndata: 0123456789abcdef0123456789abcdef\n\n",
        "\n\n\r\r\r\ndata\n\n:\n\ndata: x\r\n\r",
    ])
    func anySplitGivesTheSameEvents(_ text: String) throws {
        let bytes = Array(text.utf8)
        let whole = try split(chunks: [bytes])
        for position in 0...bytes.count {
            #expect(try split(chunks: [Array(bytes[..<position]), Array(bytes[position...])]) == whole)
        }
        #expect(try split(chunks: bytes.map { [$0] }) == whole)
    }

    @Test func aLongStreamKeepsNoMoreThanTheEventThatIsNotWhole() throws {
        let event = ByteBuffer(string: "data: \(String(repeating: "x", count: 4000))\n\n")
        var stream = ByteBuffer()
        for _ in 0..<200 { stream.writeImmutableBuffer(event) }
        var events = ServerSentEvents()
        var (most, count) = (0, 0)
        // No chunk ends where an event does, so that something is always left over.
        while stream.readableBytes > 0, let piece = stream.readBytes(length: min(6000, stream.readableBytes)) {
            events.feed(ByteBuffer(bytes: piece))
            while let event = try events.next() {
                most = max(most, event.raw.storageCapacity)
                count += 1
            }
        }
        #expect(count == 200)
        #expect(most <= 32 * 1024, "bytes kept")
    }

    @Test func randomStreamsSurviveRandomSplits() throws {
        var random = RandomBody(seed: 5)
        for _ in 0..<300 {
            let pieces = ["data: ", "event: ", "\n", "\r\n", "\r", "x", "é", ":", "\n\n", "{\"usage\":null}", "data"]
            let bytes = (0..<random.below(40)).flatMap { _ in Array(random.pick(pieces).utf8) }
            let whole = try split(chunks: [bytes])
            var chunks: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                chunks.append(Array(rest.prefix(1 + random.below(9))))
                rest = rest.dropFirst(chunks.last?.count ?? 1)
            }
            #expect(try split(chunks: chunks) == whole)
            #expect(whole.filter(\.isComplete).reduce(0) { $0 + $1.raw.utf8.count } <= bytes.count)
        }
    }

    @Test(arguments: [("data: x", "data: x\n\n"), ("data: x\n", "data: x\n\n"), ("data: x\r\n", "data: x\r\n\n")])
    func aMissingBlankLineIsAddedAtTheEnd(_ text: String, _ raw: String) throws {
        #expect(try split([text]) == [Event(raw: raw, data: "x", isComplete: false)])
    }

    @Test func aByteOrderMarkIsNoPartOfTheFirstField() throws {
        #expect(try split(["\u{FEFF}data: x\n\n\u{FEFF}data: y\n\n"]).map(\.data) == ["x", nil])
    }

    @Test func linesAndEventsAreLimited() throws {
        var long = ServerSentEvents(lineLimit: 10, eventLimit: 100)
        long.feed(ByteBuffer(string: "data: 12345678"))
        #expect(throws: ServerSentEventsFault.lineTooLong) { try long.next() }
        var endless = ServerSentEvents(lineLimit: 10, eventLimit: 20)
        endless.feed(ByteBuffer(string: "data: 1\n\ndata: 1\ndata: 2\ndata: 3\n"))
        #expect(try endless.next() != nil)
        #expect(throws: ServerSentEventsFault.eventTooLong) { try endless.next() }
    }

    @Test func aLineOfOneMebibyteIsTheLongest() throws {
        let line = String(repeating: "a", count: 1 << 20)
        var fits = ServerSentEvents()
        fits.feed(ByteBuffer(string: line + "\n\n"))
        #expect(try fits.next() != nil)
        var endless = ServerSentEvents()
        endless.feed(ByteBuffer(string: line + "a"))
        #expect(throws: ServerSentEventsFault.lineTooLong) { try endless.next() }
    }

    private func split(_ texts: [String]) throws -> [Event] {
        try split(chunks: texts.map { Array($0.utf8) })
    }

    private func split(chunks: [[UInt8]]) throws -> [Event] {
        var stream = ServerSentEvents()
        var events: [Event] = []
        for chunk in chunks {
            stream.feed(ByteBuffer(bytes: chunk))
            while let event = try stream.next() { events.append(described(event)) }
        }
        while let event = try stream.finish() { events.append(described(event)) }
        return events
    }

    private func described(_ event: ServerSentEvent) -> Event {
        Event(
            raw: String(buffer: event.raw), name: event.name, data: event.data.map { String(buffer: $0) },
            isComplete: event.isComplete)
    }
}
