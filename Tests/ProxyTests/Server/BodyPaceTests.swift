import Testing

@testable import Proxy

@Suite("A body must keep its pace")
struct BodyPaceTests {
    private static let second: Int64 = 1_000_000_000

    /// Seconds after which a body is too slow of which so much has come by each second; nil within a minute: never.
    private func cut(_ received: (Int) -> Int) -> Int? {
        var pace = BodyPace(since: 0, graceMS: 10_000)
        return (1...60).first { second in
            pace.isTooSlow(received: received(second), at: Int64(second) * Self.second)
        }
    }

    @Test("one that is slow from the start is cut after the grace")
    func slow() {
        #expect(cut { 500 * $0 } == 20)
        #expect(cut { _ in 1000 } == 11)
    }

    @Test("one that comes at a kilobyte a second is not")
    func steady() {
        #expect(cut { 1100 * $0 } == nil)
    }

    @Test("one that was fast is cut once it stands still, however much it has sent")
    func stalled() {
        #expect(cut { _ in 32 << 20 } == 50)
        #expect(cut { $0 < 20 ? 1 << 20 : 33 << 20 } == 50)
    }

    @Test("one that stands still for a while and goes on is not")
    func paused() {
        #expect(cut { ($0 / 15) * (1 << 20) + 20_000 } == nil)
    }
}
