import Logging
import NIOCore
import Support
import Synchronization
import Tenancy
import Testing

@testable import Proxy

@Suite("spans on their way to the receiver")
struct SpanExporterTests {
    /// Answers as planned, from the front, and 200 after that.
    private final class Receiver: Sendable {
        struct Gone: Error {}
        let plan: Mutex<[Int]>
        let bodies = Mutex<[String]>([])
        let answer: String

        init(_ plan: [Int] = [], answer: String = "{}") {
            self.plan = Mutex(plan)
            self.answer = answer
        }

        func post(_ body: [UInt8]) throws -> (status: Int, body: [UInt8]) {
            bodies.withLock { $0.append(String(decoding: body, as: UTF8.self)) }
            let status = plan.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
            if status == 0 { throw Gone() }
            return (status, Array(answer.utf8))
        }

        var count: Int { bodies.withLock { $0.count } }
    }

    private let clock = ManualClock()
    private let tracer = Tracer(sharePPM: 0)

    private func exporter(_ receiver: Receiver) -> SpanExporter {
        SpanExporter(
            tracer: tracer, version: "9", time: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            post: { try receiver.post($0) })
    }

    private func offer(_ count: Int) {
        for number in 0..<count { tracer.queue.offer([span(UInt64(number) + 1)]) }
    }

    private func span(_ id: UInt64, attributes: [Span.Attribute] = []) -> Span {
        Span(
            context: TraceContext(traceHigh: 1, traceLow: 2, spanID: id, isSampled: true), parentID: 3, name: "chat m",
            kind: .client, start: 1_700_000_000_000_000_000, end: 1_700_000_000_000_000_005, attributes: attributes,
            isFailed: true)
    }

    @Test func `batches go one after the other until nothing is left`() {
        let receiver = Receiver()
        let exporter = exporter(receiver)
        offer(1100)
        exporter.sendAll()
        #expect(receiver.count == 3)
        #expect(exporter.counters == counters(exported: 1100, dropped: 0))
        exporter.sendAll()
        #expect(receiver.count == 3)
    }

    @Test(arguments: [0, 429, 502, 503, 504])
    func `a receiver that is not there now gets the same batch again later`(status: Int) {
        let receiver = Receiver([status, status])
        let exporter = exporter(receiver)
        offer(2)
        exporter.sendAll()
        #expect(receiver.count == 1)
        exporter.sendAll()
        exporter.sendAll()
        #expect(receiver.count == 3)
        #expect(receiver.bodies.withLock { Set($0).count } == 1)
        #expect(exporter.counters == counters(exported: 2, dropped: 0))
    }

    @Test func `after a failure it waits, longer each time`() {
        let receiver = Receiver([503, 503, 503])
        let exporter = exporter(receiver)
        offer(1)
        exporter.sendAll()
        exporter.tick()
        #expect(!exporter.isSending && receiver.count == 1)
        clock.advance(milliseconds: 999)
        exporter.tick()
        #expect(!exporter.isSending && receiver.count == 1)
    }

    @Test func `a batch that fails five times is dropped and counted, and the next one has its turn`() {
        let receiver = Receiver([503, 0, 503, 0, 503])
        let exporter = exporter(receiver)
        offer(513)
        for _ in 0..<5 { exporter.sendAll() }
        #expect(exporter.counters == counters(exported: 0, dropped: 512))
        exporter.sendAll()
        #expect(exporter.counters == counters(exported: 1, dropped: 512))
    }

    @Test func `what is refused for good is dropped at once`() {
        let exporter = exporter(Receiver([400]))
        offer(3)
        exporter.sendAll()
        #expect(exporter.counters == counters(exported: 0, dropped: 3))
    }

    @Test(arguments: [
        (#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}"#, 2),
        (#"{"partialSuccess":{"rejectedSpans":1}}"#, 1), (#"{"partialSuccess":{}}"#, 0), (#"{}"#, 0), ("", 0),
        (#"{"partialSuccess":{"rejectedSpans":"99"}}"#, 5), (#"{"partialSuccess":{"rejectedSpans":"-1"}}"#, 0),
        (#"{"partialSuccess":null}"#, 0), ("[]", 0),
    ])
    func `what the receiver refuses of a batch is counted`(answer: String, dropped: UInt64) {
        let exporter = exporter(Receiver(answer: answer))
        offer(5)
        exporter.sendAll()
        #expect(exporter.counters == counters(exported: 5 - dropped, dropped: dropped))
    }

    @Test func `a full queue drops whole calls and counts them`() {
        let exporter = exporter(Receiver())
        offer(Tracer.queueLimit - 1)
        tracer.queue.offer([span(1), span(2)])
        #expect(exporter.counters == counters(exported: 0, dropped: 2))
        tracer.queue.offer([span(1)])
        #expect(exporter.counters == counters(exported: 0, dropped: 2))
    }

    @Test(arguments: [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://h:1/", "http://h:1/v1/traces"), ("https://h/otlp", "https://h/otlp/v1/traces"),
        ("https://h/v1/traces", "https://h/v1/traces"),
    ])
    func `the path is the protocol's`(endpoint: String, url: String) {
        #expect(SpanExporter.url(endpoint) == url)
    }

    @Test func `a span in the protocol's JSON`() {
        let attributes: [Span.Attribute] = [
            Span.Attribute(name: "a", value: .text("ü\"\n")), Span.Attribute(name: "b", value: .integer(.max)),
            Span.Attribute(name: "c", value: .flag(true)), Span.Attribute(name: "d", value: .number("0.70")),
            Span.Attribute(name: "e", value: .texts(["x", "y"])),
        ]
        let text = String(buffer: SpanDocument(version: "9").bytes([span(0xAB, attributes: attributes)]))
        #expect(
            text == """
                {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"tollgate"}},\
                {"key":"service.version","value":{"stringValue":"9"}}]},"scopeSpans":[{"scope":{"name":"tollgate"},\
                "spans":[{"traceId":"00000000000000010000000000000002","spanId":"00000000000000ab",\
                "parentSpanId":"0000000000000003","name":"chat m","kind":3,\
                "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000000000005","attributes":[\
                {"key":"a","value":{"stringValue":"ü\\"\\n"}},{"key":"b","value":{"intValue":"9223372036854775807"}},\
                {"key":"c","value":{"boolValue":true}},{"key":"d","value":{"doubleValue":0.70}},\
                {"key":"e","value":{"arrayValue":{"values":[{"stringValue":"x"},{"stringValue":"y"}]}}}],\
                "status":{"code":2}}]}]}]}
                """)
    }

    private func counters(exported: UInt64, dropped: UInt64) -> SpanExporter.Counters {
        var counters = SpanExporter.Counters()
        counters.exported = exported
        counters.dropped = dropped
        return counters
    }
}
