import Testing

@testable import AdminAPI

@Suite struct LoginDelaysTests {
    private let second: Int64 = 1_000_000_000

    @Test("a few failures are answered at once, then each waits twice as long, up to a limit")
    func doubling() {
        var delays = LoginDelays()
        let waits = (0..<13).map { _ in delays.fail("a", at: 0) }
        #expect(waits == [0, 0, 0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000, 2000])
        #expect(delays.fail("b", at: 0) == 0)
        #expect(delays.waiting == 8)
    }

    @Test("a quiet minute clears an address")
    func forgetting() {
        var delays = LoginDelays()
        for _ in 0..<8 { _ = delays.fail("a", at: 0) }
        #expect(delays.fail("a", at: 59 * second) == 800)
        #expect(delays.fail("a", at: 119 * second) == 0)
    }

    @Test("only so many answers are held back at a time")
    func bounded() {
        var delays = LoginDelays()
        for _ in 0..<LoginDelays.freeFailures { _ = delays.fail("a", at: 0) }
        for _ in 0..<LoginDelays.waitLimit { #expect((delays.fail("a", at: 0) ?? 0) > 0) }
        #expect(delays.fail("a", at: 0) == nil)
        delays.leave()
        #expect(delays.fail("a", at: 0) == 2000)
        #expect(delays.fail("b", at: 0) == 0)
    }

    @Test("a flood from many addresses costs bounded memory and slows new strangers")
    func addresses() {
        var delays = LoginDelays()
        for index in 0..<LoginDelays.addressLimit { #expect(delays.fail("a\(index)", at: 0) == 0) }
        #expect(delays.fail("new", at: 0) == 2000)
        #expect(delays.fail("new", at: 60 * second) == 0)
    }
}
