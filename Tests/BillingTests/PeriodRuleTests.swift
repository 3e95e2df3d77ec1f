import Support
import Tenancy
import Testing

@testable import Billing

struct PeriodRuleTests {
    private let october = BillingPeriod("2026-10")
    private let end = Timestamp(rfc3339: "2026-11-01T00:00:00Z")

    private func closing(_ month: BillingPeriod, due: Timestamp) -> Period {
        Period(month, closing: Period.Closing(requestedAt: due, requestedBy: "a", dueAt: due))
    }

    @Test func aMonthIsAskedToCloseFromItsEndOn() throws {
        let (month, end) = (try #require(october), try #require(end))
        let before = Timestamp(microseconds: end.microseconds - 1)
        #expect(throws: PeriodError.notEnded(end: end)) {
            try PeriodRule.requested(Period(month), graceMS: 0, by: "a", at: before)
        }
        let asked = try PeriodRule.requested(Period(month), graceMS: 1000, by: "a", at: end)
        #expect(asked.status == .closing)
        #expect(asked.closing?.dueAt == end.adding(milliseconds: 1000))
        let again = try PeriodRule.requested(asked, graceMS: 0, by: "b", at: end)
        #expect(again.closing == Period.Closing(requestedAt: end, requestedBy: "b", dueAt: end))
    }

    @Test func itClosesWhenGraceAndCallsAreOver() throws {
        let (month, end) = (try #require(october), try #require(end))
        let due = end.adding(milliseconds: 1000)
        let period = closing(month, due: due)
        #expect(PeriodRule.step(Period(month), liveHolds: 0, at: due) == .none)
        #expect(
            PeriodRule.step(period, liveHolds: 0, at: Timestamp(microseconds: due.microseconds - 1)) == .waitUntil(due))
        #expect(PeriodRule.step(period, liveHolds: 2, at: due) == .waitForCalls(2))
        #expect(PeriodRule.step(period, liveHolds: 0, at: due) == .close)
    }

    @Test func callsAreOnlyCountedOnceTheGraceIsOver() throws {
        let (month, end) = (try #require(october), try #require(end))
        let due = end.adding(milliseconds: 1000)
        var counts = 0
        func count() -> Int {
            counts += 1
            return 0
        }
        _ = PeriodRule.step(Period(month), liveHolds: count(), at: due)
        _ = PeriodRule.step(closing(month, due: due), liveHolds: count(), at: end)
        #expect(counts == 0)
        _ = PeriodRule.step(closing(month, due: due), liveHolds: count(), at: due)
        #expect(counts == 1)
    }

    @Test func aClosedMonthStaysAsItIs() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-11-02T00:00:00Z"))
        try await fixture.close("2026-10")
        let closed = try fixture.period("2026-10")
        #expect(PeriodRule.step(closed, liveHolds: 0, at: fixture.clock.now()) == .none)
        fixture.clock.advance(milliseconds: 5000)
        #expect(try await fixture.requestClose("2026-10") == closed)
        #expect(await fixture.closer.sweep().isEmpty)
        #expect(try fixture.period("2026-10") == closed)
    }
}
