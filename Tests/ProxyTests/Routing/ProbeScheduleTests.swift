import Tenancy
import Testing

@testable import Proxy

/// When backends are asked for their health.
struct ProbeScheduleTests {
    private static let second: Int64 = 1_000_000_000
    private let a = Backend.Identity("be_a")
    private let b = Backend.Identity("be_b")

    /// The times, in tenths of a second, at which `a` is asked within a minute.
    private func times(_ intervalMS: Int64, duration: Int64 = 0) -> [Int64] {
        var schedule = ProbeSchedule(seed: 3)
        var times: [Int64] = []
        for tenth: Int64 in 0..<600 {
            if let last = times.last, tenth == last + duration { schedule.finish(a) }
            let now = tenth * Self.second / 10
            if !schedule.start([(a, intervalMS)], at: now).isEmpty { times.append(tenth) }
        }
        return times
    }

    @Test
    func `a backend is asked within its first interval and then at it, give or take a fifth`() {
        let times = times(5000, duration: 1)
        #expect(times.first ?? 99 <= 50)
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect(gaps.allSatisfy { 39...61 ~= $0 })
        #expect(Set(gaps).count > 1)
    }

    @Test
    func `a probe that runs is not started again`() {
        #expect(times(1000, duration: 100).count <= 6)
    }

    @Test
    func `a shorter interval holds at once, and a backend that is gone is forgotten`() {
        var schedule = ProbeSchedule(seed: 3)
        _ = schedule.start([(a, 3_600_000), (b, 3_600_000)], at: 0)
        _ = schedule.start([(a, 1000)], at: Self.second)
        let started = schedule.start([(a, 1000), (b, 3_600_000)], at: Self.second * 3)
        #expect(started == [a])
    }
}
