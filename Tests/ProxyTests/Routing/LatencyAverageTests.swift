import Testing

@testable import Proxy

struct LatencyAverageTests {
    @Test
    func `the newest figure counts a fifth, and a stale average is begun anew`() {
        var average = LatencyAverage()
        #expect(average.current(at: 0) == nil)
        average.add(nanoseconds: 100, at: 0)
        average.add(nanoseconds: 200, at: 1)
        #expect(average.nanoseconds == 120)
        #expect(average.current(at: LatencyAverage.staleNanoseconds) == 120)
        #expect(average.current(at: LatencyAverage.staleNanoseconds + 1) == nil)
        average.add(nanoseconds: 500, at: LatencyAverage.staleNanoseconds + 1)
        #expect(average.nanoseconds == 500)
    }
}
