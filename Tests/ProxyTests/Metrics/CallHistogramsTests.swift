import Testing

@testable import Proxy

@Suite("the gen_ai histograms")
struct CallHistogramsTests {
    private func labels(_ model: String) -> CallLabels {
        CallLabels(operation: "chat", provider: "openai", originalModel: model, requestModel: model, errorType: "")
    }

    private func call(
        _ model: String = "m", duration: Int64 = 2_000_000_000, firstToken: Int64? = nil, input: Int64 = 10,
        output: Int64 = 101
    ) -> CallFigures {
        CallFigures(
            labels: labels(model), duration: duration, firstToken: firstToken, inputTokens: input, outputTokens: output)
    }

    @Test func `the buckets are the convention's`() {
        let snapshot = CallHistograms().snapshot
        #expect(snapshot.input.bounds.first == 1 && snapshot.input.bounds.last == 67_108_864)
        #expect(snapshot.input.bounds.count == 14 && snapshot.output.bounds[2] == 16)
        #expect(snapshot.duration.bounds.first == 0.01 && snapshot.duration.bounds.last == 81.92)
    }

    @Test func `a whole answer has no first token`() {
        var histograms = CallHistograms()
        histograms.add(call())
        let snapshot = histograms.snapshot
        #expect(snapshot.duration.count == 1 && snapshot.duration.sum == 2)
        #expect(snapshot.firstToken.count == 0 && snapshot.perOutputToken.count == 0)
        #expect(snapshot.input.sum == 10 && snapshot.output.sum == 101)
    }

    @Test func `a stream's tokens after the first share the rest of its time`() {
        #expect(call(firstToken: 1_000_000_000).perOutputToken == 10_000_000)
        #expect(call(firstToken: 1_000_000_000, output: 1).perOutputToken == nil)
        #expect(call(firstToken: 2_000_000_000).perOutputToken == nil)
    }

    @Test func `a call that used nothing is timed all the same`() {
        var histograms = CallHistograms()
        histograms.add(call(input: 0, output: 0))
        #expect(histograms.snapshot.duration.count == 1 && histograms.snapshot.input.count == 0)
    }

    @Test func `beyond a thousand sets of labels calls are counted together`() {
        let metrics = ProxyMetrics()
        for number in 0..<1002 { metrics.add(call("m\(number)")) }
        metrics.add(call("m0"))
        let calls = metrics.snapshot().calls
        #expect(calls.count == 1001)
        #expect(calls[labels("other")]?.duration.count == 2)
        #expect(calls[labels("m0")]?.duration.count == 2)
    }
}
