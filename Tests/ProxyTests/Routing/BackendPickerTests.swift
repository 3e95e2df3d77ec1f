import Testing

@testable import Proxy

/// Which of the available backends each policy takes.
struct BackendPickerTests {
    private typealias Candidate = BackendPicker.Candidate

    private func candidate(_ index: Int, inFlight: Int = 0, weight: Int = 1, latency: Double? = nil) -> Candidate {
        Candidate(index: index, inFlight: inFlight, weight: weight, latency: latency)
    }

    private func picks(_ times: Int, _ policy: PoolPolicy, _ candidates: [Candidate], count: Int) -> [Int] {
        var picker = BackendPicker(seed: 1)
        return (0..<times).compactMap { _ in picker.pick(policy, from: candidates, count: count) }
    }

    @Test(arguments: PoolPolicy.allCases)
    func `without a candidate nothing is chosen, and the only one always is`(_ policy: PoolPolicy) {
        #expect(picks(1, policy, [], count: 3).isEmpty)
        #expect(picks(3, policy, [candidate(2)], count: 3) == [2, 2, 2])
    }

    @Test
    func `least busy counts calls per weight and lets ties take turns`() {
        #expect(picks(4, .leastBusy, [candidate(0), candidate(1), candidate(2)], count: 3) == [0, 1, 2, 0])
        let loaded = [candidate(0, inFlight: 1), candidate(1, inFlight: 3, weight: 4)]
        #expect(picks(2, .leastBusy, loaded, count: 2) == [1, 1])
    }

    @Test
    func `weighted spreads turns smoothly by weight`() {
        let backends = [candidate(0, weight: 5), candidate(1, weight: 1), candidate(2, weight: 1)]
        #expect(picks(7, .weighted, backends, count: 3) == [0, 0, 1, 0, 2, 0, 0])
    }

    @Test
    func `round robin skips those that are missing`() {
        var picker = BackendPicker(seed: 1)
        let all = [candidate(0), candidate(1), candidate(2)]
        #expect(picker.pick(.roundRobin, from: all, count: 3) == 0)
        #expect(picker.pick(.roundRobin, from: [candidate(0), candidate(2)], count: 3) == 2)
        #expect(picker.pick(.roundRobin, from: all, count: 3) == 0)
        #expect(picker.pick(.roundRobin, from: all, count: 3) == 1)
    }

    @Test
    func `latency tries the unmeasured once, then prefers the quicker of two`() {
        let fresh = [candidate(0, latency: 5), candidate(1)]
        #expect(picks(1, .latency, fresh, count: 2) == [1])
        let busyMeasuring = [candidate(0, latency: 5), candidate(1, inFlight: 1)]
        #expect(picks(1, .latency, busyMeasuring, count: 2) == [0])
        let measured = [candidate(0, latency: 50), candidate(1, latency: 10), candidate(2, latency: 90)]
        let chosen = picks(300, .latency, measured, count: 3)
        // Of two drawn the slowest of all never wins, and the quickest always does.
        #expect(!chosen.contains(2))
        #expect(chosen.count { $0 == 1 } > chosen.count { $0 == 0 })
        #expect(chosen.contains(0))
    }

    @Test
    func `latency counts the calls in flight, so that the quickest is not buried`() {
        let measured = [candidate(0, inFlight: 9, latency: 10), candidate(1, latency: 50)]
        #expect(picks(2, .latency, measured, count: 2) == [1, 1])
    }
}
