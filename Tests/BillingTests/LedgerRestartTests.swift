import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct LedgerRestartTests {
    @Test func holdsThatWereLeftBecomeUncertainAndKeepCounting() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        try await fixture.spend(15)
        let left = try fixture.held(fixture.claim(40))
        #expect(await fixture.record(left) == nil)
        _ = try fixture.held(fixture.claim(5))
        try fixture.restart()
        #expect(fixture.figures(budget) == [15, 40, 45])
        #expect(fixture.ledger.uncertainHolds().map(\.amount.pico) == [40])
        #expect(fixture.ledger.liveHolds() == [])
        #expect(fixture.ledger.reserve(fixture.claim(46)).shortage?.waitingHelps == false)
        try fixture.restart()
        #expect(fixture.figures(budget) == [15, 40, 45])
        #expect(try fixture.differences() == [])
    }

    @Test(
        "what was spent in a window stays spent when the rules of its zone moved the window's start meanwhile",
        arguments: [-3_600_000_000, 3_600_000_000])
    func movedWindow(by microseconds: Int) async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100, .month)
        try await fixture.spend(90)
        try await fixture.file.pool.write { db in
            try db.execute(sql: "UPDATE accounts SET window_start = window_start + \(microseconds)")
        }
        try fixture.restart()
        #expect(fixture.figures(budget) == [90, 0, 10])
        #expect(fixture.ledger.reserve(fixture.claim(11)).reservation == nil)
        try await fixture.spend(10)
        #expect(try fixture.differences() == [])
        try fixture.restart()
        #expect(fixture.figures(budget) == [100, 0, 0])
    }

    @Test func aCrashBetweenKeepingLeftoversAndEmptyingTheirFileCountsThemOnce() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let left = try fixture.held(fixture.claim(40))
        #expect(await fixture.record(left) == nil)
        let path = fixture.path + ".holds"
        let found = try HoldFile(path: path).leftovers()
        func putBack() throws {
            let file = try HoldFile(path: path)
            for hold in found { try file.put(Hold(hold)) }
        }
        try fixture.restart()
        try putBack()
        try fixture.restart()
        #expect(fixture.figures(budget) == [0, 40, 60])
        // Resolved since: what the file still says is over.
        try await fixture.ledger.resolve(left.hold.id, .charge(Money(pico: 3)))
        try putBack()
        try fixture.restart()
        #expect(fixture.figures(budget) == [3, 0, 97])
        #expect(fixture.ledger.uncertainHolds() == [])
        #expect(try fixture.differences() == [])
    }

    @Test func syncedHoldsAreFoundAsWell() async throws {
        let fixture = try LedgerFixture(holdSync: .full)
        let budget = try await fixture.budget(100)
        let first = try fixture.held(fixture.claim(40))
        #expect(await fixture.record(first) == nil)
        let claim = fixture.claim(30, attempt: 2, of: first.claim.requestID)
        let next = try #require(fixture.ledger.reswap(first, costing: Money(pico: 5), claim).reservation)
        #expect(await fixture.swap(fixture.settlement(first, cost: 5, outcome: .broken), next) == nil)
        #expect(try fixture.holdsOnDisk() == [next.hold.id])
        try fixture.restart()
        #expect(fixture.figures(budget) == [5, 30, 65])
    }

    @Test func anUncertainHoldIsChargedOrReleasedOnce() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        for amount in [10, 20, 30] {
            let reservation = try fixture.held(fixture.claim(amount))
            #expect(await fixture.record(reservation) == nil)
        }
        try fixture.restart()
        let holds = fixture.ledger.uncertainHolds().sorted { $0.amount < $1.amount }.map(\.id)
        try await fixture.ledger.resolve(holds[0], .release)
        try await fixture.ledger.resolve(holds[1], .charge(Money(pico: 12)))
        try await fixture.ledger.resolve(holds[2], .charge(Money(pico: 33)))
        await #expect(throws: HoldError.notFound) { try await fixture.ledger.resolve(holds[1], .release) }
        #expect(fixture.figures(budget) == [45, 0, 55])
        #expect(fixture.ledger.counters.excess == 1)
        #expect(try fixture.differences() == [])
        try fixture.restart()
        #expect(fixture.figures(budget) == [45, 0, 55])
    }

    @Test func uncertainHoldsLeaveWithTheirWindow() async throws {
        let fixture = try LedgerFixture()
        let day = try await fixture.budget(100, .day)
        let total = try await fixture.budget(100)
        let left = try fixture.held(fixture.claim(40))
        #expect(await fixture.record(left) == nil)
        fixture.clock.advance(milliseconds: 3 * 24 * 3_600_000)
        try fixture.restart()
        #expect(fixture.figures(day) == [0, 0, 100])
        #expect(fixture.figures(total) == [0, 40, 60])
        try await fixture.spend(1)
        let hold = try #require(fixture.ledger.uncertainHolds().first)
        try await fixture.ledger.resolve(hold.id, .charge(Money(pico: 40)))
        #expect(fixture.figures(day) == [1, 0, 99])
        #expect(fixture.figures(total) == [41, 0, 59])
        #expect(try fixture.differences() == [])
    }

    @Test func aBudgetMadeLaterCountsUncertainHolds() async throws {
        let fixture = try LedgerFixture()
        let left = try fixture.held(fixture.claim(40))
        #expect(await fixture.record(left) == nil)
        try fixture.restart()
        let budget = try await fixture.budget(100, .day)
        #expect(fixture.figures(budget) == [0, 40, 60])
        try fixture.restart()
        #expect(fixture.figures(budget) == [0, 40, 60])
    }

    @Test func aLiveHoldCannotBeResolved() async throws {
        let fixture = try LedgerFixture()
        let live = try fixture.held(fixture.claim(40))
        #expect(await fixture.record(live) == nil)
        let id = try #require(fixture.ledger.liveHolds().first?.id)
        await #expect(throws: HoldError.notFound) { try await fixture.ledger.resolve(id, .release) }
    }

    @Test(arguments: ["req_a.1", "req_a.12"])
    func holdIDsAreReadAsTheyAreWritten(text: String) {
        #expect(HoldID(text)?.text == text)
    }

    @Test(arguments: ["", "req_a", ".1", "req_a.", "req_a.x", "req_a.-1"])
    func otherHoldIDsAreRefused(text: String) {
        #expect(HoldID(text) == nil)
    }
}
