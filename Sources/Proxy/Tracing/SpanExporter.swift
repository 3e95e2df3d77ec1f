public import Logging
import NIOCore
import Synchronization
public import Tenancy

/// Sends finished spans to an OpenTelemetry receiver, in batches and on a thread of the lowest rank; what it refuses
/// for good, or cannot be told for long, is dropped and counted.
public final class SpanExporter: Sendable {
    /// Makes one POST: the HTTP status and the body; throws when there was no answer.
    typealias Post = @Sendable (_ body: [UInt8]) throws -> (status: Int, body: [UInt8])

    /// What became of the spans.
    public struct Counters: Sendable, Equatable {
        /// The receiver took them.
        public var exported: UInt64 = 0
        /// Found no room, were refused, or could not be sent.
        public var dropped: UInt64 = 0

        /// Nothing yet.
        public init() {}
    }

    private struct State {
        var isSending = false
        var batch: [Span] = []
        var failures = 0
        /// On the monotonic clock, in nanoseconds.
        var notBefore = Int64.min
        var counters = Counters()
    }

    private static let batchSize = 512
    private static let triesPerBatch = 5
    private static let longestPauseSeconds = 30
    private static let answerBytes = 64 * 1024

    private let tracer: Tracer
    private let document: SpanDocument
    private let time: any TimeSource
    private let logger: Logger
    private let post: Post
    private let state = Mutex(State())

    /// An exporter at rest: nothing is sent before `tick` is called.
    /// - Parameters:
    ///   - endpoint: the receiver's base URL; `/v1/traces` is added unless it ends with it.
    ///   - timeoutMS: limit on one call, in milliseconds.
    public convenience init(
        tracer: Tracer, endpoint: String, version: String, timeoutMS: Int64, policy: UpstreamPolicy,
        time: any TimeSource, logger: Logger
    ) {
        let url = Self.url(endpoint)
        self.init(tracer: tracer, version: version, time: time, logger: logger) { body in
            let answer = try HTTPFetch.run(
                method: "POST", url: url, headers: [("content-type", "application/json")], body: body,
                timeoutMS: timeoutMS, maxBody: Self.answerBytes, policy: policy)
            return (answer.status, answer.body)
        }
    }

    init(tracer: Tracer, version: String, time: any TimeSource, logger: Logger, post: @escaping Post) {
        self.tracer = tracer
        self.time = time
        self.logger = logger
        self.post = post
        document = SpanDocument(version: version)
    }

    /// Where spans go at a receiver of that base URL.
    static func url(_ endpoint: String) -> String {
        var base = Substring(endpoint)
        while base.hasSuffix("/") { base.removeLast() }
        return base.hasSuffix("/v1/traces") ? String(base) : base + "/v1/traces"
    }

    /// What became of the spans so far.
    public var counters: Counters {
        var counters = state.withLock { $0.counters }
        counters.dropped &+= tracer.queue.dropped
        return counters
    }

    /// Starts to send what waits, unless that is under way or a pause is being kept.
    public func tick() {
        let now = time.uptime()
        let starts = state.withLock { state in
            guard !state.isSending, state.notBefore <= now else { return false }
            state.isSending = true
            return true
        }
        guard starts else { return }
        let isStarted = WorkerThread.start(.last) { self.sendAll() }
        if !isStarted { state.withLock { $0.isSending = false } }
    }

    /// Sends what waits, batch by batch, until nothing is left or a call fails; on the calling thread.
    func sendAll() {
        while let batch = next() {
            guard send(batch) else { break }
        }
        state.withLock { $0.isSending = false }
    }

    /// Whether spans are on their way.
    public var isSending: Bool { state.withLock { $0.isSending } }

    /// The batch that failed before, else the oldest spans; nil if there are none.
    private func next() -> [Span]? {
        state.withLock { state in
            if state.batch.isEmpty { state.batch = tracer.queue.take(Self.batchSize) }
            return state.batch.isEmpty ? nil : state.batch
        }
    }

    /// False when there is no sense in going on now.
    private func send(_ batch: [Span]) -> Bool {
        do {
            let answer = try post(Array(document.bytes(batch).readableBytesView))
            switch answer.status {
            case 200..<300:
                let rejected = min(Self.rejected(answer.body), UInt64(batch.count))
                if rejected > 0 { warn("the trace receiver refused spans", ["count": "\(rejected)"]) }
                done(exported: UInt64(batch.count) - rejected, dropped: rejected)
                return true
            // The protocol's own list of what may be sent again.
            case 429, 502, 503, 504:
                return failed(batch, "status \(answer.status)")
            default:
                warn("the trace receiver refused a batch", ["status": "\(answer.status)", "count": "\(batch.count)"])
                done(exported: 0, dropped: UInt64(batch.count))
                return true
            }
        } catch {
            return failed(batch, "\(error)")
        }
    }

    private func done(exported: UInt64, dropped: UInt64) {
        state.withLock { state in
            state.batch = []
            state.failures = 0
            state.counters.exported &+= exported
            state.counters.dropped &+= dropped
        }
    }

    private func failed(_ batch: [Span], _ reason: String) -> Bool {
        let now = time.uptime()
        let failures = state.withLock { state in
            state.failures += 1
            let seconds = min(Self.longestPauseSeconds, 1 << min(state.failures - 1, 5))
            state.notBefore = now.clampedSum(Int64(seconds) * 1_000_000_000)
            if state.failures >= Self.triesPerBatch {
                state.batch = []
                state.failures = 0
                state.counters.dropped &+= UInt64(batch.count)
            }
            return state.failures
        }
        // Once a batch is enough.
        if failures == 1 { warn("the trace receiver cannot be reached", ["reason": "\(reason)"]) }
        return false
    }

    private func warn(_ message: Logger.Message, _ metadata: Logger.Metadata) {
        logger.warning(message, metadata: metadata)
    }

    /// `partialSuccess.rejectedSpans`, a number or its text; zero where the answer says nothing.
    static func rejected(_ body: [UInt8]) -> UInt64 {
        body.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes, strings: .lenient)
            do throws(JSONFault) {
                guard try scanner.enterMember("partialSuccess") else { return 0 }
                try scanner.enterObject()
                while let key = try scanner.nextKey() {
                    let value = try scanner.skipValue()
                    guard scanner.spells(key, "rejectedSpans") else { continue }
                    let text = value.kind == .string ? JSONText.string(value, in: bytes) : nil
                    return UInt64(text ?? String(decoding: bytes[value.range], as: UTF8.self)) ?? 0
                }
                return 0
            } catch {
                return 0
            }
        }
    }
}

extension JSONScanner {
    /// Steps to the object that is the value of a member of the text's top level; false if there is none.
    fileprivate mutating func enterMember(_ name: StaticString) throws(JSONFault) -> Bool {
        guard try peek() == .object else { return false }
        try enterObject()
        while let key = try nextKey() {
            if spells(key, name), try peek() == .object { return true }
            try skipValue()
        }
        return false
    }
}
