import Testing

@testable import Proxy

struct CooldownTests {
    private static let second: Int64 = 1_000_000_000

    @Test(arguments: [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1000, 60)] as [(Int, Int64)])
    func `each cooldown in a row doubles the one before, up to a minute`(_ consecutive: Int, _ seconds: Int64) {
        #expect(Cooldown.exponential(consecutive: consecutive, jitter: 0) == seconds * Self.second)
    }

    @Test(arguments: [(-200, 800), (0, 1000), (200, 1200), (5000, 1200)] as [(Int64, Int64)])
    func `jitter moves a length by a fifth at most`(_ permille: Int64, _ milliseconds: Int64) {
        #expect(Cooldown.exponential(consecutive: 1, jitter: permille) == milliseconds * 1_000_000)
    }

    @Test(arguments: [(-5, 1), (0, 1), (30, 30), (600, 600), (.max, 600)] as [(Int64, Int64)])
    func `what a backend asks for is kept between a second and ten minutes`(_ asked: Int64, _ seconds: Int64) {
        #expect(Cooldown.asked(seconds: asked) == seconds * Self.second)
    }
}
