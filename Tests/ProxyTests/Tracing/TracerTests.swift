import NIOHTTP1
import Tenancy
import Testing

@testable import Proxy

@Suite("which calls are recorded")
struct TracerTests {
    private func isRecorded(_ traceparent: String?, sharePPM: Int64) -> Bool {
        var random = SplitMix64(seed: 1)
        let headers = HTTPHeaders(traceparent.map { [("TraceParent", $0)] } ?? [])
        return Tracer(sharePPM: sharePPM).begin(headers, using: &random) != nil
    }

    @Test func `a caller that records its trace has ours recorded too, and one that does not has not`() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"
        #expect(isRecorded(parent + "01", sharePPM: 0))
        #expect(!isRecorded(parent + "00", sharePPM: 1_000_000))
    }

    @Test func `a header that says nothing valid counts as none`() {
        #expect(isRecorded("nonsense", sharePPM: 1_000_000))
        #expect(!isRecorded("nonsense", sharePPM: 0))
    }

    @Test(arguments: [(0, 0...0), (50_000, 400...600), (500_000, 4_800...5_200), (1_000_000, 10_000...10_000)])
    func `of all others a share is recorded`(sharePPM: Int64, expected: ClosedRange<Int>) {
        var random = SplitMix64(seed: 7)
        let sampler = TraceSampler(sharePPM: sharePPM)
        let taken = (0..<10_000).count { _ in sampler.takes(traceLow: random.next()) }
        #expect(expected.contains(taken))
    }

    @Test func `a share beyond all is all, and below nothing is nothing`() {
        #expect(TraceSampler(sharePPM: .max).takes(traceLow: .max))
        #expect(!TraceSampler(sharePPM: .min).takes(traceLow: 0))
    }

    @Test func `spans of a call are children of its own span, which is a child of the caller's`() throws {
        var random = SplitMix64(seed: 3)
        let caller = try #require(TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        let trace = try #require(
            Tracer(sharePPM: 0).begin(HTTPHeaders([("traceparent", caller.text)]), using: &random))
        #expect(trace.traceparent == nil)
        trace.beginAttempt(at: 100, using: &random)
        let sent = try #require(trace.traceparent.flatMap { TraceContext($0) })
        trace.endAttempt(name: "chat m", attributes: [], isFailed: true, at: 250)
        trace.endAttempt(name: "no attempt is at hand", attributes: [], isFailed: true, at: 250)
        let spans = trace.finish(name: "chat m", attributes: [], isFailed: false, from: 50, to: 300, epoch: 1000)
        #expect(spans.count == 2)
        let (own, attempt) = (spans[0], spans[1])
        #expect(spans.allSatisfy { $0.context.traceHigh == caller.traceHigh && $0.context.traceLow == caller.traceLow })
        #expect(own.parentID == caller.spanID && own.kind == .server && own.start == 1050 && own.end == 1300)
        #expect(attempt.parentID == own.context.spanID && attempt.context == sent && attempt.kind == .client)
        #expect(attempt.start == 1100 && attempt.end == 1250 && attempt.isFailed && !own.isFailed)
    }
}
