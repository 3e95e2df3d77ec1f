import Dispatch
import Synchronization
import Testing

@testable import Tollgate

@Suite struct LogSinkTests {
    /// Somebody who reads lines when told to.
    private final class Reader: Sendable {
        let text = Mutex("")
        let gate = DispatchSemaphore(value: 0)
        let isBlocked: Atomic<Bool>

        init(isBlocked: Bool) {
            self.isBlocked = Atomic(isBlocked)
        }

        func take(_ bytes: UnsafeRawBufferPointer) {
            if isBlocked.load(ordering: .acquiring) { gate.wait() }
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
        }

        var lines: [Substring] { text.withLock { $0 }.split(separator: "\n") }
    }

    @Test func `lines come out whole and in order`() {
        let reader = Reader(isBlocked: false)
        let sink = LogSink(format: .json, write: reader.take)
        let isStarted = sink.start()
        #expect(isStarted)
        for number in 0..<5000 { sink.put(.text("line \(number)")) }
        sink.flush(milliseconds: 20_000)
        #expect(reader.lines == (0..<5000).map { "line \($0)" })
        #expect(sink.dropped == 0)
    }

    @Test func `a reader that does not read keeps nobody waiting, and what it missed is counted and said`() throws {
        let reader = Reader(isBlocked: true)
        let sink = LogSink(format: .json, capacity: 10, write: reader.take)
        _ = sink.start()
        for number in 0..<1000 { sink.put(.text("line \(number)")) }
        // Ten wait, and at most ten more are in the writer's hands.
        #expect((980...990).contains(sink.dropped))
        reader.isBlocked.store(false, ordering: .releasing)
        reader.gate.signal()
        sink.flush(milliseconds: 20_000)
        let lines = reader.lines
        #expect(lines.first == "line 0")
        let said = lines.filter { $0.contains("log lines were dropped") }
        let counts = try said.map { line in
            try #require(JSONValue(bytes: Array(line.utf8))?["count"].string.flatMap(UInt64.init))
        }
        #expect(counts.reduce(0, +) == sink.dropped)
        #expect(UInt64(lines.count - said.count) + sink.dropped == 1000)
    }

    @Test func `without a thread lines are written at once`() {
        let reader = Reader(isBlocked: false)
        let sink = LogSink(format: .json, write: reader.take)
        sink.put(.text("early"))
        #expect(reader.lines == ["early"])
    }
}
