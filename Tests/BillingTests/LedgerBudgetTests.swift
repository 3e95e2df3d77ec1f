import Support
import Tenancy
import Testing

@testable import Billing

struct LedgerBudgetTests {
    private static let day: Int64 = 24 * 3_600_000

    @Test func aNewBudgetCountsWhatIsSpentAndHeldAlready() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(30)
        try await fixture.spend(7, model: "x")
        let unrecorded = try fixture.held(fixture.claim(10))
        let recorded = try fixture.held(fixture.claim(20))
        #expect(await fixture.record(recorded) == nil)
        let budget = try await fixture.budget(100, .month, model: "m")
        #expect(fixture.figures(budget) == [30, 30, 40])
        #expect(fixture.ledger.counters.liveHolds == 2)
        fixture.ledger.abandon(unrecorded)
        #expect(fixture.ledger.counters.liveHolds == 1)
        #expect(await fixture.settle(recorded, cost: 20) == nil)
        #expect(fixture.figures(budget) == [50, 0, 50])
        #expect(fixture.ledger.counters.liveHolds == 0)
        #expect(try fixture.differences() == [])
    }

    @Test func allStatesAreTheOldestOnesAndHowManyAreLeftOut() async throws {
        let fixture = try LedgerFixture()
        var ids: [ID<Budget>] = []
        for number in 1...70 { ids.append(try await fixture.budget(1, model: "m\(number)")) }
        let gone = ids.remove(at: 3)
        try await fixture.delete(gone)
        try fixture.restart()
        let all = fixture.ledger.allStates()
        #expect(all.states.map(\.budget.id) == ids && all.leftOut == 0)
        let some = fixture.ledger.allStates(limit: 66)
        #expect(some.states == Array(all.states.prefix(66)) && some.leftOut == 3)
    }

    @Test func aHoldCountsInTheWindowItWasAdmittedIn() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        let hold = try fixture.held(fixture.claim(60))
        #expect(await fixture.record(hold) == nil)
        fixture.clock.advance(milliseconds: Self.day)
        #expect(fixture.figures(budget) == [0, 0, 100])
        try await fixture.spend(70)
        #expect(await fixture.settle(hold, cost: 50) == nil)
        #expect(fixture.figures(budget) == [70, 0, 30])
        #expect(try fixture.count("SELECT COUNT(*) FROM accounts") == 2)
        #expect(try fixture.differences() == [])
        try fixture.restart()
        #expect(fixture.figures(budget) == [70, 0, 30])
    }

    @Test func aLateClaimCountsInTheWindowBefore() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        let before = fixture.clock.now()
        fixture.clock.advance(milliseconds: Self.day)
        try await fixture.spend(10)
        let late = try fixture.held(fixture.claim(95, at: before))
        #expect(late.admittedAt == before)
        #expect(fixture.figures(budget) == [10, 0, 90])
        #expect(await fixture.record(late) == nil)
        #expect(await fixture.settle(late, cost: 95) == nil)
        #expect(try fixture.differences() == [])
    }

    @Test func aLateClaimCountsInTheWindowBeforeAlsoIfItIsTheFirstThere() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        try await fixture.spend(60)
        fixture.clock.advance(milliseconds: 3 * Self.day)
        let before = fixture.clock.now()
        fixture.clock.advance(milliseconds: Self.day)
        try await fixture.spend(10)
        let late = try fixture.held(fixture.claim(95, at: before))
        #expect(late.admittedAt == before)
        #expect(fixture.figures(budget) == [10, 0, 90])
        #expect(await fixture.record(late) == nil)
        #expect(await fixture.settle(late, cost: 95) == nil)
        #expect(try fixture.differences() == [])
    }

    @Test func aClockThatWasSetBackKeepsTheNewestWindow() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        fixture.clock.advance(milliseconds: 10 * Self.day)
        try await fixture.spend(60)
        fixture.clock.advance(milliseconds: -5 * Self.day)
        let hold = try fixture.held(fixture.claim(40))
        #expect(hold.admittedAt > fixture.clock.now())
        #expect(fixture.ledger.reserve(fixture.claim(1)).reservation == nil)
        #expect(await fixture.record(hold) == nil)
        #expect(await fixture.settle(hold, cost: 40) == nil)
        #expect(fixture.figures(budget) == [100, 0, 0])
        #expect(try fixture.differences() == [])
        try fixture.restart()
        #expect(fixture.figures(budget) == [100, 0, 0])
    }

    @Test func aCallWhileTheClockIsAheadLeavesTodayItsCap() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        try await fixture.spend(90)
        let now = fixture.clock.now()
        fixture.clock.set(now.adding(milliseconds: 30 * Self.day))
        try await fixture.spend(10)
        fixture.clock.set(now)
        #expect(fixture.figures(budget) == [90, 0, 10])
        #expect(fixture.ledger.reserve(fixture.claim(11)).reservation == nil)
        #expect(try fixture.held(fixture.claim(10)).admittedAt == now)
    }

    @Test func aStartWhileTheClockIsAheadMovesNoWindow() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        try await fixture.spend(60)
        let now = fixture.clock.now()
        fixture.clock.set(now.adding(milliseconds: 30 * Self.day))
        try fixture.restart()
        #expect(fixture.figures(budget) == [0, 0, 100])
        fixture.clock.set(now.adding(milliseconds: Self.day))
        #expect(try fixture.held(fixture.claim(70)).admittedAt == fixture.clock.now())
        #expect(fixture.figures(budget) == [0, 70, 30])
    }

    @Test func aLookWhileTheClockIsAheadMovesNoWindow() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        try await fixture.spend(60)
        let now = fixture.clock.now()
        fixture.clock.set(now.adding(milliseconds: 30 * Self.day))
        #expect(fixture.figures(budget) == [0, 0, 100])
        let ahead = BudgetWindow(.day, containing: fixture.clock.now(), in: .utc)
        #expect(fixture.ledger.allStates().states.map(\.resetsAt) == [ahead.end])
        try await fixture.ledger.raiseAlerts(sweeping: true)
        fixture.clock.set(now)
        #expect(fixture.figures(budget) == [60, 0, 40])
        fixture.clock.set(now.adding(milliseconds: Self.day))
        let next = try fixture.held(fixture.claim(70))
        #expect(next.admittedAt == fixture.clock.now())
        #expect(fixture.figures(budget) == [0, 70, 30])
    }

    @Test func anAttemptAfterTheRollStaysInItsWindow() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .day)
        let first = try fixture.held(fixture.claim(60))
        #expect(await fixture.record(first) == nil)
        let claim = fixture.claim(70, attempt: 2, of: first.claim.requestID)
        fixture.clock.advance(milliseconds: Self.day)
        try await fixture.spend(90)
        let next = try #require(fixture.ledger.reswap(first, claim).reservation)
        #expect(next.admittedAt == first.admittedAt)
        #expect(await fixture.swap(fixture.settlement(first, cost: 0, outcome: .notSent), next) == nil)
        #expect(await fixture.settle(next, cost: 70) == nil)
        #expect(fixture.figures(budget) == [90, 0, 10])
        #expect(try fixture.differences() == [])
    }

    @Test func aZoneChangeCountsAnew() async throws {
        let fixture = try LedgerFixture(at: Timestamp(rfc3339: "2026-11-23T03:00:00Z"))
        let budget = try await fixture.budget(100, .day)
        try await fixture.spend(10)
        let hold = try fixture.held(fixture.claim(20))
        #expect(await fixture.record(hold) == nil)
        fixture.clock.advance(milliseconds: 4 * 3_600_000)
        try await fixture.spend(5)
        try await fixture.move(to: "America/New_York")
        // 02:00 in New York: what was admitted at 03:00 UTC belongs to the day before.
        #expect(fixture.figures(budget) == [5, 0, 95])
        #expect(fixture.ledger.state(budget)?.windowStart == Timestamp(rfc3339: "2026-11-23T05:00:00Z"))
        #expect(await fixture.settle(hold, cost: 20) == nil)
        #expect(fixture.figures(budget) == [5, 0, 95])
        #expect(try fixture.differences() == [])
        try await fixture.move(to: "UTC")
        #expect(fixture.figures(budget) == [35, 0, 65])
        #expect(try fixture.differences() == [])
    }

    /// The clock ran ahead for a moment, and another tenant called then.
    @Test func aNewWindowIsNotAheadOfItsTenant() async throws {
        let now = try LedgerFixture.instant("2026-11-23T12:00:00Z")
        let fixture = try LedgerFixture(at: now)
        let moved = try await fixture.budget(100, .day)
        let ahead = try LedgerFixture.instant("2028-02-29T12:00:00Z")
        fixture.clock.set(ahead)
        let other = Tenant(id: ID("ten_2"), name: "two", createdAt: now)
        let claim = Ledger.Claim(
            requestID: RequestID.make(at: ahead), tenant: other, keyID: ID("key_c"), model: "m", pool: "p",
            wanted: Money(pico: 1), admittedAt: ahead)
        _ = try fixture.held(claim)
        fixture.clock.set(now)
        let fresh = try await fixture.budget(100, .month)
        try await fixture.move(to: "America/New_York")
        #expect(fixture.ledger.state(moved)?.windowStart == Timestamp(rfc3339: "2026-11-23T05:00:00Z"))
        #expect(fixture.ledger.state(fresh)?.windowStart == Timestamp(rfc3339: "2026-11-01T04:00:00Z"))
        #expect(try fixture.held(fixture.claim(20)).admittedAt == now)
        // The tenant itself does not go back from where it was.
        _ = try fixture.held(fixture.claim(20, at: ahead))
        try await fixture.move(to: "UTC")
        #expect(fixture.ledger.state(moved)?.windowStart == Timestamp(rfc3339: "2028-02-29T00:00:00Z"))
    }

    @Test func anotherScopeCountsAnew() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .month)
        try await fixture.spend(10)
        try await fixture.spend(20, key: LedgerFixture.keyB)
        _ = try fixture.held(fixture.claim(30, key: LedgerFixture.keyB))
        #expect(fixture.figures(budget) == [30, 30, 40])
        try await fixture.change(budget) { $0.keyID = LedgerFixture.keyB }
        #expect(fixture.figures(budget) == [20, 30, 50])
        try await fixture.change(budget) {
            $0.keyID = nil
            $0.limit = Money(pico: 200)
        }
        #expect(fixture.figures(budget) == [30, 30, 140])
        #expect(try fixture.differences() == [])
    }

    @Test func loweringACapBlocksNewCallsOnly() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let hold = try fixture.held(fixture.claim(60))
        #expect(await fixture.record(hold) == nil)
        try await fixture.change(budget) { $0.limit = Money(pico: 50) }
        #expect(fixture.figures(budget) == [0, 60, -10])
        #expect(fixture.ledger.reserve(fixture.claim(1)).shortage?.waitingHelps == true)
        #expect(await fixture.settle(hold, cost: 60) == nil)
        #expect(fixture.ledger.reserve(fixture.claim(1)).shortage?.waitingHelps == false)
    }

    @Test func aTwinIsRefusedAndLeavesNothing() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        await #expect(throws: BillingError.twin) { try await fixture.budget(50) }
        await #expect(throws: BillingError.unknownScope) { try await fixture.budget(50, key: ID("key_none")) }
        #expect(fixture.ledger.balance(tenantID: LedgerFixture.tenant, keyID: nil).count == 1)
        #expect(try fixture.count("SELECT COUNT(*) FROM budgets") == 1)
    }

    @Test func aBudgetMadeAndMovedInOneTurnCountsOnce() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(10)
        try await fixture.spend(20, key: LedgerFixture.keyB)
        let budget = Budget(
            id: ID("bud_1"), tenantID: LedgerFixture.tenant, limit: Money(pico: 100), window: .day,
            createdAt: fixture.clock.now())
        var moved = budget
        moved.keyID = LedgerFixture.keyB
        let (ledger, changed) = (fixture.ledger, moved)
        _ = try await fixture.journal.write(
            { db in [try ledger.insert(budget, db), try ledger.update(changed, db)] },
            committed: { $0.forEach(ledger.committed) }
        )
        #expect(fixture.figures(budget.id) == [20, 0, 80])
        #expect(try fixture.differences() == [])
    }
}
