import GRDB
import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

struct LedgerRaisesTests {
    private static let hour: Int64 = 3_600_000

    private func raise(
        _ fixture: LedgerFixture,
        _ budget: ID<Budget>,
        to limit: Int,
        hours: Int64 = 1,
        id: String = "rse_1"
    ) async throws -> BudgetRaise {
        let now = fixture.clock.now()
        let raise = BudgetRaise(
            id: ID(id), budgetID: budget, limit: Money(pico: Int128(limit)), createdAt: now,
            until: now.adding(milliseconds: hours * Self.hour))
        let ledger = fixture.ledger
        _ = try await fixture.journal.write(
            { try ledger.insert(raise, $0) }, committed: { ledger.committed($0, of: budget) })
        return raise
    }

    private func end(_ fixture: LedgerFixture, _ raise: BudgetRaise) async throws {
        let (ledger, now) = (fixture.ledger, fixture.clock.now())
        _ = try await fixture.journal.write(
            { try ledger.end(raise.id, of: raise.budgetID, at: now, $0) },
            committed: { ledger.committed($0, of: raise.budgetID) })
    }

    /// What was alerted, whoever was told.
    private func alerts(_ fixture: LedgerFixture) throws -> [String] {
        try fixture.file.read { try String.fetchAll($0, sql: "SELECT alert FROM budget_alerts ORDER BY 1") }
    }

    @Test func aRaiseCountsUntilItsInstantAndThenTheOwnLimitIsBack() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let raise = try await raise(fixture, budget, to: 250)
        #expect(fixture.figures(budget) == [0, 0, 250])
        #expect(fixture.ledger.state(budget)?.limit == Money(pico: 250))
        #expect(fixture.ledger.state(budget)?.raises == [raise])
        try await fixture.spend(180)
        fixture.clock.advance(milliseconds: Self.hour - 1)
        #expect(fixture.ledger.reserve(fixture.claim(71)).shortage?.state.limit == Money(pico: 250))
        fixture.ledger.abandon(try fixture.held(fixture.claim(70)))
        fixture.clock.advance(milliseconds: 1)
        #expect(fixture.figures(budget) == [180, 0, -80])
        #expect(fixture.ledger.state(budget)?.raises == [])
        let shortage = try #require(fixture.ledger.reserve(fixture.claim(1)).shortage)
        #expect(shortage.waitingHelps == false)
        #expect(shortage.state.limit == Money(pico: 100))
        #expect(
            fixture.ledger.remaining(tenantID: LedgerFixture.tenant, keyID: LedgerFixture.keyA, model: "m", pool: "p")
                == Money(pico: -80))
        #expect(try fixture.differences() == [])
    }

    @Test func theEndOfARaiseCancelsNothingThatIsHeld() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try await raise(fixture, budget, to: 250)
        let hold = try fixture.held(fixture.claim(240))
        #expect(await fixture.record(hold) == nil)
        fixture.clock.advance(milliseconds: Self.hour)
        #expect(fixture.figures(budget) == [0, 240, -140])
        #expect(await fixture.settle(hold, cost: 240) == nil)
        #expect(fixture.figures(budget) == [240, 0, -140])
    }

    @Test func aFurtherAttemptIsJudgedAtTheInstantOfTheFirst() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try await raise(fixture, budget, to: 250)
        let first = try fixture.held(fixture.claim(200))
        #expect(await fixture.record(first) == nil)
        fixture.clock.advance(milliseconds: Self.hour)
        let claim = fixture.claim(240, attempt: 2, of: first.claim.requestID)
        #expect(fixture.ledger.reswap(first, claim).reservation?.amount == Money(pico: 240))
        #expect(fixture.ledger.reserve(fixture.claim(1)).reservation == nil)
    }

    @Test func aRaiseThatRanOutIsThereForAnOldCallAlsoAfterAnotherChange() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try await raise(fixture, budget, to: 250)
        let first = try fixture.held(fixture.claim(200))
        #expect(await fixture.record(first) == nil)
        fixture.clock.advance(milliseconds: Self.hour)
        let other = try await raise(fixture, budget, to: 150, id: "rse_2")
        try await end(fixture, other)
        #expect(fixture.ledger.state(budget)?.raises == [])
        let claim = fixture.claim(240, attempt: 2, of: first.claim.requestID)
        #expect(fixture.ledger.reswap(first, claim).reservation?.amount == Money(pico: 240))
        #expect(fixture.ledger.reserve(fixture.claim(1)).reservation == nil)
    }

    @Test func theHighestOfSeveralRaisesCountsAndEachEndsByItself() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try await raise(fixture, budget, to: 300, hours: 1)
        _ = try await raise(fixture, budget, to: 200, hours: 3, id: "rse_2")
        #expect(fixture.figures(budget) == [0, 0, 300])
        fixture.clock.advance(milliseconds: Self.hour)
        #expect(fixture.figures(budget) == [0, 0, 200])
        try await fixture.change(budget) { $0.limit = Money(pico: 220) }
        #expect(fixture.figures(budget) == [0, 0, 220])
        fixture.clock.advance(milliseconds: 2 * Self.hour)
        try await fixture.change(budget) { $0.limit = Money(pico: 50) }
        #expect(fixture.figures(budget) == [0, 0, 50])
    }

    @Test func aRaiseEndedEarlyIsGoneAtOnceAndCannotBeEndedTwice() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let raise = try await raise(fixture, budget, to: 250)
        try await end(fixture, raise)
        #expect(fixture.figures(budget) == [0, 0, 100])
        await #expect(throws: BillingError.notFound) { try await self.end(fixture, raise) }
        let listed = try fixture.file.read { try BudgetRaiseStore.raises($0, budget: budget, after: nil, limit: 9) }
        #expect(listed.map(\.endedAt) == [fixture.clock.now()])
    }

    @Test func aRaiseSurvivesARestartAndStillEnds() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        _ = try await raise(fixture, budget, to: 250)
        try await fixture.spend(150)
        try fixture.restart()
        #expect(fixture.figures(budget) == [150, 0, 100])
        fixture.clock.advance(milliseconds: Self.hour)
        #expect(fixture.figures(budget) == [150, 0, -50])
        try fixture.restart()
        #expect(fixture.figures(budget) == [150, 0, -50])
    }

    @Test func aRaiseHoldsInTheNextWindowAndAfterTheTenantsZoneMoves() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        _ = try await raise(fixture, budget, to: 250, hours: 30)
        try await fixture.spend(200)
        fixture.clock.advance(milliseconds: 24 * Self.hour)
        #expect(fixture.figures(budget) == [0, 0, 250])
        try await fixture.move(to: "Europe/Rome")
        #expect(fixture.figures(budget) == [0, 0, 250])
        fixture.clock.advance(milliseconds: 6 * Self.hour)
        #expect(fixture.figures(budget) == [0, 0, 100])
    }

    @Test func aRaiseThatRanToTheEndOfAWindowIsItsLimitStillWhenItIsOver() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        let budget = try await fixture.budget(100, .month)
        try await fixture.change(budget) { $0.alertsAt = ["0.5"] }
        _ = try await raise(fixture, budget, to: 250)
        try await fixture.spend(90)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        fixture.clock.advance(milliseconds: Self.hour + 10_000)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try alerts(fixture) == [])
        try fixture.restart()
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try alerts(fixture) == [])
    }

    @Test func aLimitThatChangesLaterIsNotThatOfTheWindowThatIsOver() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        let lowered = try await fixture.budget(100, .day)
        let raised = try await fixture.budget(90, .month)
        for budget in [lowered, raised] { try await fixture.change(budget) { $0.alertsAt = ["0.5"] } }
        let raise = try await raise(fixture, raised, to: 250, hours: 2)
        try await fixture.spend(49)
        fixture.clock.advance(milliseconds: Self.hour + 10_000)
        try await fixture.change(lowered) { $0.limit = Money(pico: 50) }
        try await end(fixture, raise)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try alerts(fixture) == [])
    }

    @Test func aRaiseOfTheNextWindowHidesNoThresholdOfTheOneBefore() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:59:59Z"))
        let budget = try await fixture.budget(100, .day)
        try await fixture.change(budget) { $0.alertsAt = ["0.5"] }
        try await fixture.spend(60)
        fixture.clock.advance(milliseconds: 2000)
        _ = try await raise(fixture, budget, to: 250)
        try await fixture.ledger.raiseAlerts(sweeping: true)
        #expect(try alerts(fixture) == ["0.5"])
    }

    @Test func aRaiseWakesThoseItLetsIn() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(90))
        let woken = Mutex<[Int]>([])
        for (name, amount) in [(0, 50), (1, 60), (2, 90)] {
            _ = try #require(
                fixture.ledger.wait(fixture.claim(amount)) { decision in
                    if decision.reservation != nil { woken.withLock { $0.append(name) } }
                })
        }
        _ = try await raise(fixture, budget, to: 210)
        #expect(woken.withLock { $0 } == [0, 1])
        #expect(fixture.figures(budget) == [0, 200, 10])
        fixture.ledger.abandon(first)
        #expect(woken.withLock { $0 } == [0, 1, 2])
    }

    @Test func aDeletedBudgetTakesItsRaisesAlong() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try await raise(fixture, budget, to: 250)
        try await fixture.delete(budget)
        #expect(try fixture.count("SELECT COUNT(*) FROM budget_raises") == 0)
        #expect(fixture.ledger.reserve(fixture.claim(1000)).reservation != nil)
    }
}
