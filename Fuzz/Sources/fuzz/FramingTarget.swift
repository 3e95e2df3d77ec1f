import Fuzzing
import NIOCore

@testable import Proxy

/// The events of a stream hold its bytes in order, and are the same however the stream was cut into chunks.
enum FramingTarget {
    /// Low limits, so that inputs reach them.
    private static let limits = (line: 200, event: 700)

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        var dice = input.dice()
        let stream = input.bytes
        let whole = events(of: [stream])
        let split = events(of: stream.pieces(&dice))
        precondition(whole.isBroken == split.isBroken, "a fault depends on the chunks")
        // A fault of a line is seen earlier or later, as chunks come; the events before it are the same.
        for (one, other) in zip(whole.events, split.events) {
            precondition(one.raw == other.raw && one.name == other.name && one.data == other.data)
            precondition(one.isComplete == other.isComplete)
        }
        guard !whole.isBroken else { return }
        precondition(whole.events.count == split.events.count)
        checkBytes(of: whole.events, stream)
    }

    private static func checkBytes(of events: [ServerSentEvent], _ stream: ByteBuffer) {
        var out = ByteBuffer()
        for event in events { out.writeImmutableBuffer(event.raw) }
        let isPrefix = out.readableBytesView.starts(with: stream.readableBytesView)
        precondition(isPrefix, "bytes out are not bytes in")
        let added = out.readableBytes - stream.readableBytes
        precondition(added == 0 || events.last?.isComplete == false && added <= 2)
        // An event that was given its end is read the same way when it comes with that end, which no limit counts.
        let again = self.events(of: [out], room: added).events
        precondition(again.map(\.raw) == events.map(\.raw), "not the same events again")
    }

    private static func events(
        of chunks: [ByteBuffer], room: Int = 0
    ) -> (events: [ServerSentEvent], isBroken: Bool) {
        var parser = ServerSentEvents(lineLimit: limits.line, eventLimit: limits.event + room)
        var events: [ServerSentEvent] = []
        do {
            for chunk in chunks {
                parser.feed(chunk)
                while let event = try parser.next() { events.append(event) }
            }
            while let event = try parser.finish() { events.append(event) }
        } catch {
            return (events, true)
        }
        return (events, false)
    }
}
