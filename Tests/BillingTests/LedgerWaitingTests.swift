import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

struct LedgerWaitingTests {
    /// What the queue told each request, in order.
    private final class Log: Sendable {
        let lines = Mutex<[(Int, Ledger.Decision)]>([])

        var names: [Int] { lines.withLock { $0.map(\.0) } }
        var reservations: [Reservation] { lines.withLock { $0.compactMap(\.1.reservation) } }
        func wake(_ name: Int) -> @Sendable (Ledger.Decision) -> Void {
            { decision in self.lines.withLock { $0.append((name, decision)) } }
        }
    }

    @Test func waitersAreServedInOrderOfArrival() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(100))
        let log = Log()
        for name in 0..<4 { _ = try #require(fixture.ledger.wait(fixture.claim(40), wake: log.wake(name))) }
        #expect(log.names == [])
        fixture.ledger.abandon(first)
        #expect(log.names == [0, 1])
        #expect(fixture.figures(budget) == [0, 80, 20])
        fixture.ledger.abandon(try #require(log.reservations.first))
        #expect(log.names == [0, 1, 2])
    }

    @Test func newRequestsDoNotOvertakeThoseThatWait() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(80))
        let log = Log()
        let waiting = try #require(fixture.ledger.wait(fixture.claim(40), wake: log.wake(0)))
        #expect(fixture.ledger.reserve(fixture.claim(10)).shortage?.waitingHelps == true)
        #expect(fixture.ledger.reserve(fixture.claim(10, waitMS: 0)).reservation != nil)
        fixture.ledger.cancel(waiting)
        #expect(fixture.ledger.reserve(fixture.claim(10)).reservation != nil)
        fixture.ledger.abandon(first)
        #expect(log.names == [])
        #expect(fixture.ledger.counters.waiting == 0)
    }

    @Test func settlingBelowTheHoldWakesTheNext() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(100))
        #expect(await fixture.record(first) == nil)
        let log = Log()
        _ = try #require(fixture.ledger.wait(fixture.claim(70), wake: log.wake(0)))
        #expect(await fixture.settle(first, cost: 30) == nil)
        #expect(log.names == [0])
        #expect(fixture.figures(budget) == [30, 70, 0])
    }

    @Test func whatBecomesHopelessIsToldSo() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(100))
        #expect(await fixture.record(first) == nil)
        let log = Log()
        _ = try #require(fixture.ledger.wait(fixture.claim(70), wake: log.wake(0)))
        _ = try #require(fixture.ledger.wait(fixture.claim(20), wake: log.wake(1)))
        #expect(await fixture.settle(first, cost: 60) == nil)
        #expect(log.names == [0, 1])
        #expect(log.lines.withLock { $0.first?.1.shortage?.waitingHelps } == false)
        #expect(log.reservations.map(\.amount.pico) == [20])
    }

    @Test func raisingACapWakes() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try fixture.held(fixture.claim(100))
        let log = Log()
        for name in 0..<100 { _ = try #require(fixture.ledger.wait(fixture.claim(1), wake: log.wake(name))) }
        try await fixture.change(budget) { $0.limit = Money(pico: 500) }
        #expect(log.names == Array(0..<100))
        #expect(fixture.figures(budget) == [0, 200, 300])
    }

    @Test func deletingTheBudgetLetsItsWaitersThrough() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try fixture.held(fixture.claim(100))
        let log = Log()
        _ = try #require(fixture.ledger.wait(fixture.claim(50), wake: log.wake(0)))
        try await fixture.delete(budget)
        #expect(log.reservations.count == 1)
        #expect(fixture.ledger.state(budget) == nil)
    }

    @Test func atTheDeadlineARequestIsTriedOutOfOrder() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        _ = try fixture.held(fixture.claim(80))
        let log = Log()
        let big = try #require(fixture.ledger.wait(fixture.claim(50), wake: log.wake(0)))
        let small = try #require(fixture.ledger.wait(fixture.claim(15), wake: log.wake(1)))
        #expect(fixture.ledger.expire(small)?.reservation?.amount == Money(pico: 15))
        #expect(fixture.ledger.expire(big)?.shortage?.waitingHelps == true)
        #expect(fixture.ledger.expire(big) == nil)
        #expect(log.names == [])
    }

    @Test func atTheDeadlineATrimTakesWhatIsFree() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        _ = try fixture.held(fixture.claim(80))
        let log = Log()
        let enough = try #require(fixture.ledger.wait(fixture.claim(90, atLeast: 20), wake: log.wake(0)))
        #expect(fixture.ledger.expire(enough)?.reservation?.amount == Money(pico: 20))
        let tooMuch = try #require(fixture.ledger.wait(fixture.claim(90, atLeast: 21), wake: log.wake(1)))
        #expect(fixture.ledger.expire(tooMuch)?.shortage?.waitingHelps == true)
    }

    @Test func aRequestThatFitsByNowIsDecidedAtOnce() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        let log = Log()
        let waiting = try #require(fixture.ledger.wait(fixture.claim(50), wake: log.wake(0)))
        #expect(log.names == [0])
        #expect(fixture.ledger.expire(waiting) == nil)
    }

    @Test func theQueueOfATenantIsBounded() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(100))
        let log = Log()
        for name in 0..<1024 { _ = try #require(fixture.ledger.wait(fixture.claim(1), wake: log.wake(name))) }
        #expect(fixture.ledger.wait(fixture.claim(1), wake: log.wake(-1)) == nil)
        fixture.ledger.abandon(first)
        #expect(log.names == Array(0..<100))
        #expect(fixture.ledger.counters.waiting == 924)
    }

    @Test func requestsThatNeedTwoBudgetsMoveToTheOneThatBlocks() async throws {
        let fixture = try LedgerFixture()
        let wide = try await fixture.budget(100)
        let narrow = try await fixture.budget(50, key: LedgerFixture.keyA)
        let all = try fixture.held(fixture.claim(60, key: LedgerFixture.keyB))
        let own = try fixture.held(fixture.claim(30))
        let log = Log()
        _ = try #require(fixture.ledger.wait(fixture.claim(40), wake: log.wake(0)))
        _ = try #require(fixture.ledger.wait(fixture.claim(45, key: LedgerFixture.keyB), wake: log.wake(1)))
        fixture.ledger.abandon(all)
        #expect(log.names == [1])
        #expect(fixture.figures(wide) == [0, 75, 25])
        fixture.ledger.abandon(own)
        #expect(log.names == [1, 0])
        #expect(fixture.figures(narrow) == [0, 40, 10])
    }

    @Test func aNewWindowLetsWaitersThrough() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        let first = try fixture.held(fixture.claim(100))
        let log = Log()
        let waiting = try #require(fixture.ledger.wait(fixture.claim(90), wake: log.wake(0)))
        fixture.clock.advance(milliseconds: 24 * 3_600_000)
        let decision = try #require(fixture.ledger.expire(waiting))
        #expect(decision.reservation?.admittedAt == fixture.clock.now())
        #expect(fixture.figures(budget) == [0, 90, 10])
        fixture.ledger.abandon(first)
        #expect(fixture.figures(budget) == [0, 90, 10])
    }

    @Test func whoeverLooksFirstAtANewWindowWaitersAreLetThrough() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        _ = try fixture.held(fixture.claim(100))
        let log = Log()
        _ = try #require(fixture.ledger.wait(fixture.claim(60), wake: log.wake(0)))
        fixture.clock.advance(milliseconds: 24 * 3_600_000)
        #expect(fixture.figures(budget) == [0, 0, 100])
        _ = fixture.ledger.reserve(fixture.claim(10))
        #expect(log.names == [0])
        #expect(fixture.figures(budget).first == 0)
    }
}
