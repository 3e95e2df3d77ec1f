import Proxy
import Support
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct TrafficLogTests {
    @Test("it keeps the last hour, the earliest first, from the moment it was made")
    func hour() {
        let clock = ManualClock()
        let log = TrafficLog(metrics: ProxyMetrics(), time: clock)
        let start = clock.now()
        #expect(log.samples().map(\.at) == [start])
        for _ in 0..<400 {
            clock.advance(milliseconds: 10_000)
            log.tick()
        }
        let samples = log.samples()
        #expect(samples.count == 361)
        #expect(samples.last?.at == clock.now())
        #expect(samples.first?.at == clock.now().adding(milliseconds: -3_600_000))
    }

    @Test("status shows the counters now, its history the samples")
    func routes() async throws {
        try await AdminHarness.run { harness in
            harness.plane.traffic.tick()
            let status = try await harness.client.call("GET", "/status")
            guard case .object(let traffic) = status["traffic"] else {
                Issue.record("no traffic")
                return
            }
            #expect(
                traffic.map(\.name) == ["at", "outcomes", "overhead_seconds", "time_to_first_token_seconds"])
            let history = try await harness.client.call("GET", "/status/history")
            guard case .array(let samples) = history["data"] else {
                Issue.record("no history")
                return
            }
            #expect(samples.count == 2)
        }
    }
}
