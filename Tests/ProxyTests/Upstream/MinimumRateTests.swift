import NIOCore
import Testing

@testable import Proxy

@Suite("MinimumRate")
struct MinimumRateTests {
    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000) + .seconds(seconds) }

    /// The seconds, among those asked about in turn, at which the rate was missed.
    private func missed(
        _ perSecond: Int64, read: [(second: Int64, bytes: Int)], asked: [Int64], pauseAt: Int64? = nil
    ) -> [Int64] {
        var rate = MinimumRate()
        var missed: [Int64] = []
        for second in 0...600 as ClosedRange<Int64> {
            for piece in read where piece.second == second { rate.didRead(piece.bytes, at: at(second)) }
            if second == pauseAt { rate.restart() }
            if asked.contains(second), rate.isMissed(perSecond, at: at(second)) { missed.append(second) }
        }
        return missed
    }

    @Test(
        "a window of 30 s must bring the rate's bytes",
        arguments: [
            (1, 29, true), (1, 30, false), (1, 31, false), (10, 299, true), (10, 300, false), (0, 1, false),
            (-1, 1, false), (Int64.max, 1_000_000, true),
        ] as [(Int64, Int, Bool)])
    func windows(_ perSecond: Int64, _ bytes: Int, _ isMissed: Bool) {
        let read: [(Int64, Int)] = [(0, 1), (20, bytes - 1)]
        #expect(missed(perSecond, read: read, asked: [29, 30]) == (isMissed ? [30] : []))
    }

    @Test("a trickle is found in each window anew, however fast the answer was before")
    func laterTrickle() {
        #expect(missed(1, read: [(0, 1_000_000), (31, 1)], asked: [30, 60, 61]) == [61])
    }

    @Test("silence is not judged: the window after it begins with its first byte")
    func silence() {
        #expect(missed(1, read: [(100, 40), (500, 40)], asked: [99, 130, 499, 529, 530, 600]).isEmpty)
    }

    @Test("a pause forgets the window it falls into")
    func pause() {
        #expect(missed(1, read: [(0, 1), (40, 1)], asked: [39, 69, 70], pauseAt: 5) == [70])
    }
}
