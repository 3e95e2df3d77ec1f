import Support
import Tenancy
import Testing

@testable import Billing

struct LedgerTests {
    @Test func aHoldCountsUntilItIsSettledAtItsCost() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let reservation = try fixture.held(fixture.claim(60))
        #expect(fixture.figures(budget) == [0, 60, 40])
        #expect(await fixture.record(reservation) == nil)
        #expect(await fixture.settle(reservation, cost: 25) == nil)
        #expect(fixture.figures(budget) == [25, 0, 75])
        #expect(try fixture.holdsOnDisk() == [])
        #expect(try fixture.differences() == [])
    }

    @Test func allMatchingBudgetsAreTakenOrNone() async throws {
        let fixture = try LedgerFixture()
        let wide = try await fixture.budget(100)
        let key = try await fixture.budget(10, key: LedgerFixture.keyA)
        let model = try await fixture.budget(50, model: "m")
        let pool = try await fixture.budget(50, pool: "other")
        let shortage = try #require(fixture.ledger.reserve(fixture.claim(20)).shortage)
        #expect(shortage.state.budget.id == key)
        #expect(!shortage.waitingHelps)
        #expect([wide, key, model, pool].map { fixture.figures($0)[1] } == [0, 0, 0, 0])
        _ = try fixture.held(fixture.claim(20, key: LedgerFixture.keyB))
        #expect([wide, key, model, pool].map { fixture.figures($0)[1] } == [20, 0, 20, 0])
    }

    @Test func waitingHelpsOnlyAgainstLiveHolds() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        try await fixture.spend(50)
        _ = try fixture.held(fixture.claim(30))
        #expect(fixture.ledger.reserve(fixture.claim(40)).shortage?.waitingHelps == true)
        #expect(fixture.ledger.reserve(fixture.claim(51)).shortage?.waitingHelps == false)
    }

    @Test func softAndShadowBudgetsNeverRefuse() async throws {
        let fixture = try LedgerFixture()
        let soft = try await fixture.budget(10, mode: .soft)
        let shadow = try await fixture.budget(10, mode: .shadow)
        for _ in 0..<2 { try await fixture.spend(8) }
        #expect(fixture.figures(soft) == [16, 0, -6])
        #expect(fixture.ledger.state(shadow)?.wouldRefuse == 1)
        #expect(
            fixture.ledger.remaining(
                tenantID: LedgerFixture.tenant, keyID: LedgerFixture.keyA, model: "m", pool: "p") == nil)
        #expect(try fixture.count("SELECT SUM(would_refuse) FROM accounts") == 1)
        #expect(try fixture.differences() == [])
    }

    @Test func nothingIsHeldForAFreeCallEvenWhenTheCapIsSpent() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(10)
        try await fixture.spend(10)
        let reservation = try fixture.held(fixture.claim(0))
        #expect(reservation.amount == .zero)
        #expect(fixture.figures(budget) == [10, 0, 0])
    }

    @Test func trimGrantsWhatTheCapLeaves() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        try await fixture.spend(70)
        #expect(try fixture.held(fixture.claim(80, atLeast: 10)).amount == Money(pico: 30))
        #expect(fixture.ledger.reserve(fixture.claim(80, atLeast: 10)).shortage?.waitingHelps == true)
        #expect(fixture.ledger.reserve(fixture.claim(80, atLeast: 31)).shortage?.waitingHelps == false)
    }

    @Test func absurdClaimsTakeNothingAndTrapNothing() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(10)
        #expect(try fixture.held(fixture.claim(-5)).amount == .zero)
        #expect(try fixture.held(fixture.claim(20, atLeast: -7)).amount == Money(pico: 10))
        let one = fixture.claim(1)
        let huge = Ledger.Claim(
            requestID: one.requestID, tenant: one.tenant, keyID: one.keyID, model: one.model, pool: one.pool,
            wanted: Money(pico: .max), admittedAt: one.admittedAt)
        #expect(fixture.ledger.reserve(huge).shortage?.waitingHelps == false)
        #expect(fixture.figures(budget) == [0, 10, 0])
    }

    @Test func costBeyondTheHoldIsAnEntryOfItsOwn() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let reservation = try fixture.held(fixture.claim(30))
        #expect(await fixture.record(reservation) == nil)
        #expect(await fixture.settle(reservation, cost: 42) == nil)
        #expect(fixture.figures(budget) == [42, 0, 58])
        #expect(try fixture.count("SELECT cost FROM ledger WHERE kind = 'excess'") == 12)
        #expect(fixture.ledger.counters.excess == 1)
        #expect(try fixture.differences() == [])
    }

    @Test func settlingTwiceChangesNothing() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let reservation = try fixture.held(fixture.claim(30))
        #expect(await fixture.record(reservation) == nil)
        for _ in 0..<3 { #expect(await fixture.settle(reservation, cost: 20) == nil) }
        fixture.ledger.abandon(reservation)
        #expect(fixture.figures(budget) == [20, 0, 80])
        #expect(fixture.ledger.counters.duplicates == 2)
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger") == 1)
    }

    @Test func abandoningGivesBackAndLeavesNoEntry() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let reservation = try fixture.held(fixture.claim(30))
        fixture.ledger.abandon(reservation)
        fixture.ledger.abandon(reservation)
        #expect(fixture.figures(budget) == [0, 0, 100])
        #expect(await fixture.record(reservation) == .notLive)
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger") == 0)
    }

    @Test func abandoningARecordedHoldReleasesItInTheLedger() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let reservation = try fixture.held(fixture.claim(30))
        #expect(await fixture.record(reservation) == nil)
        fixture.ledger.abandon(reservation)
        try await fixture.journal.write { _ in }
        #expect(fixture.figures(budget) == [0, 0, 100])
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger WHERE kind = 'release'") == 1)
        #expect(try fixture.holdsOnDisk() == [])
    }

    @Test func aReleaseIsNoRequest() async throws {
        let fixture = try LedgerFixture()
        let reservation = try fixture.held(fixture.claim(30))
        #expect(await fixture.record(reservation) == nil)
        #expect(await fixture.settle(reservation, cost: 0, outcome: .errorStatus) == nil)
        try await fixture.spend(5)
        let sums = try fixture.file.read {
            try LedgerStore.requestsAndTokensSince(
                $0, tenantID: LedgerFixture.tenant, keyID: LedgerFixture.keyA, from: Timestamp(microseconds: 0))
        }
        #expect(sums == (1, 5))
        // The quarter hour that begins at the end of the span is not in it.
        let quarter = fixture.clock.now().microseconds / 900_000_000 * 900_000_000
        let before = try fixture.file.read {
            try LedgerStore.requestsAndTokensSince(
                $0, tenantID: LedgerFixture.tenant, from: Timestamp(microseconds: 0),
                to: Timestamp(microseconds: quarter))
        }
        #expect(before == (0, 0))
        #expect(try fixture.differences() == [])
    }

    // MARK: Further attempts

    @Test func aSwapReusesTheMoneyOfTheAttemptBefore() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let request = RequestID.make(at: fixture.clock.now())
        let first = try fixture.held(fixture.claim(90, of: request))
        #expect(await fixture.record(first) == nil)
        let next = try #require(
            fixture.ledger.reswap(first, fixture.claim(95, pool: "q", attempt: 2, of: request)).reservation)
        #expect(fixture.figures(budget) == [0, 95, 5])
        #expect(await fixture.swap(fixture.settlement(first, cost: 0, outcome: .notSent), next) == nil)
        #expect(fixture.figures(budget) == [0, 95, 5])
        #expect(try fixture.holdsOnDisk().map(\.attempt) == [2])
        #expect(await fixture.settle(next, cost: 50) == nil)
        #expect(fixture.figures(budget) == [50, 0, 50])
        #expect(try fixture.differences() == [])
    }

    @Test func theOldHoldIsKeptUntilTheSwapIsStored() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(90))
        #expect(await fixture.record(first) == nil)
        let claim = fixture.claim(20, attempt: 2, of: first.claim.requestID)
        let next = try #require(fixture.ledger.reswap(first, claim).reservation)
        #expect(fixture.figures(budget) == [0, 90, 10])
        #expect(await fixture.swap(fixture.settlement(first, cost: 0, outcome: .notSent), next) == nil)
        #expect(fixture.figures(budget) == [0, 20, 80])
    }

    @Test func aHoldThatTookWhatWasFreeIsSwappedForWhatIsFree() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        _ = try fixture.held(fixture.claim(80))
        let queued = fixture.ledger.wait(fixture.claim(90, atLeast: 20)) { _ in }
        let waiting = try #require(queued)
        let first = try #require(fixture.ledger.expire(waiting)?.reservation)
        #expect(await fixture.record(first) == nil)
        let claim = fixture.claim(90, atLeast: 20, attempt: 2, of: first.claim.requestID)
        #expect(fixture.ledger.reswap(first, claim).shortage?.waitingHelps == true)
        let next = try #require(fixture.ledger.reswap(first, takingWhatIsFree: true, claim).reservation)
        #expect(next.amount == Money(pico: 20))
        #expect(await fixture.swap(fixture.settlement(first, cost: 0, outcome: .notSent), next) == nil)
        #expect(fixture.figures(budget) == [0, 100, 0])
    }

    @Test func aSwapLeavesRoomForWhatTheFirstAttemptCost() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(90))
        #expect(await fixture.record(first) == nil)
        let claim = fixture.claim(90, attempt: 2, of: first.claim.requestID)
        #expect(fixture.ledger.reswap(first, costing: Money(pico: 20), claim).shortage?.waitingHelps == false)
        #expect(fixture.figures(budget) == [0, 90, 10])
        let smaller = fixture.claim(80, attempt: 2, of: first.claim.requestID)
        let next = try #require(fixture.ledger.reswap(first, costing: Money(pico: 20), smaller).reservation)
        #expect(fixture.figures(budget) == [0, 100, 0])
        #expect(await fixture.swap(fixture.settlement(first, cost: 20, outcome: .broken), next) == nil)
        #expect(fixture.figures(budget) == [20, 80, 0])
        #expect(try fixture.differences() == [])
    }

    @Test func anAbandonedSwapCostsOnlyWhatTheFirstAttemptDid() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(50))
        #expect(await fixture.record(first) == nil)
        let claim = fixture.claim(70, attempt: 2, of: first.claim.requestID)
        let next = try #require(fixture.ledger.reswap(first, claim).reservation)
        fixture.ledger.abandon(next)
        #expect(await fixture.settle(first, cost: 0, outcome: .notSent) == nil)
        #expect(fixture.figures(budget) == [0, 0, 100])
    }

    @Test func figuresOfManyScopesAreAnswered() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        _ = try await fixture.budget(30, key: LedgerFixture.keyA)
        let ledger = fixture.ledger
        let tenant = LedgerFixture.tenant
        #expect(ledger.remaining(tenantID: tenant, keyID: LedgerFixture.keyA, model: "m", pool: "p")?.pico == 30)
        #expect(ledger.remaining(tenantID: tenant, keyID: LedgerFixture.keyB, model: "m", pool: "p")?.pico == 100)
        #expect(ledger.isCapped(tenantID: tenant, keyID: LedgerFixture.keyB, model: "m", pool: "p"))
        #expect(!ledger.isCapped(tenantID: ID("ten_2"), keyID: LedgerFixture.keyB, model: "m", pool: "p"))
        #expect(ledger.balance(tenantID: tenant, keyID: LedgerFixture.keyB).count == 1)
        #expect(ledger.balance(tenantID: tenant, keyID: nil).count == 2)
    }
}
