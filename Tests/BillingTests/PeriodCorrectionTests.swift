import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct PeriodCorrectionTests {
    private func november() async throws -> LedgerFixture {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-11-01T00:00:00Z"))
        return fixture
    }

    @Test func itIsAnEntryOfTheOpenMonthAndMovesItsBudgets() async throws {
        let fixture = try await november()
        let monthly = try await fixture.budget(100, .month)
        let other = try await fixture.budget(100, .month, model: "other")
        await #expect(throws: PeriodError.notClosed) { _ = try await fixture.correct("2026-10", 3) }
        try await fixture.close("2026-10")
        let seal = try fixture.period("2026-10").seal
        try await fixture.spend(20)
        let correction = try await fixture.correct("2026-10", -15)
        #expect(fixture.figures(monthly) == [5, 0, 95])
        #expect(fixture.figures(other) == [0, 0, 100])
        _ = try await fixture.correct("2026-10", 40)
        #expect(fixture.figures(monthly) == [45, 0, 55])
        try fixture.restart()
        #expect(fixture.figures(monthly) == [45, 0, 55])
        #expect(try fixture.period("2026-10").seal == seal)
        let rows = try fixture.file.read {
            try Row.fetchAll(
                $0, sql: "SELECT kind, period, corrects_period, cost FROM ledger WHERE corrects_period IS NOT NULL")
        }
        #expect(rows.map { $0["period"] as String } == ["2026-11", "2026-11"])
        #expect(rows.map { $0["corrects_period"] as String } == ["2026-10", "2026-10"])
        #expect(rows.map { $0["cost"] as Int } == [-15, 40])
        #expect(try fixture.facts("2026-11").corrections[correction.id.text]?.reason == "a mistake")
        #expect(try fixture.allDifferences() == [])
        let requests = try fixture.file.read { try RequestStore.page(RequestQuery(), $0).records }
        #expect(requests.count == 2 && requests.allSatisfy { $0.id.hasPrefix("req_") })
    }

    /// Sums whose parts have different signs are split between micro and picodollars in more than one way.
    @Test func amountsOfBothSignsAddUp() async throws {
        let fixture = try await november()
        try await fixture.close("2026-10")
        let budget = try await fixture.budget(1_000_000_000_000, .month)
        var total = 0
        for amount in [1_500_000, -700_000, 1, -2_000_001, 999_999, -1, 3_000_000, -999_999] {
            _ = try await fixture.correct("2026-10", amount)
            total += amount
            #expect(fixture.figures(budget)[0] == total)
        }
        try await fixture.spend(800_001)
        #expect(fixture.figures(budget)[0] == total + 800_001)
        #expect(try fixture.allDifferences() == [])
        try fixture.restart()
        #expect(fixture.figures(budget)[0] == total + 800_001)
    }

    @Test func whatBecameOfALostCallIsBookedLate() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        let total = try await fixture.budget(100)
        let monthly = try await fixture.budget(100, .month)
        for _ in 0..<2 { #expect(await fixture.record(try fixture.held(fixture.claim(9))) == nil) }
        try fixture.restart()
        fixture.clock.set(try LedgerFixture.instant("2026-11-03T00:00:00Z"))
        #expect(fixture.figures(total) == [0, 18, 82])
        try await fixture.close("2026-10")
        #expect(
            try fixture.facts("2026-10").uncertainHolds.map(\.amount) == Array(repeating: "0.000000000009", count: 2))
        let holds = fixture.ledger.uncertainHolds()
        try await fixture.ledger.resolve(try #require(holds.first?.id), .charge(Money(pico: 11)))
        try await fixture.ledger.resolve(try #require(holds.last?.id), .release)
        #expect(fixture.figures(total) == [11, 0, 89])
        #expect(fixture.figures(monthly) == [11, 0, 89])
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger WHERE period = '2026-10'") == 0)
        let late = "SELECT COUNT(*) FROM ledger WHERE period = '2026-11' AND corrects_period = '2026-10'"
        #expect(try fixture.count(late) == 3)
        #expect(try fixture.facts("2026-10").uncertainHolds.count == 2)
        #expect(try fixture.allDifferences() == [])
        try fixture.restart()
        #expect(fixture.figures(total) == [11, 0, 89] && fixture.figures(monthly) == [11, 0, 89])
    }

    /// Figures by meter come from the entries, by way of their names; those of late ones are older.
    @Test func figuresByMeterHaveLateEntriesToo() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        #expect(await fixture.record(try fixture.held(fixture.claim(9))) == nil)
        try fixture.restart()
        fixture.clock.set(try LedgerFixture.instant("2026-11-20T00:00:00Z"))
        try await fixture.close("2026-10")
        try await fixture.ledger.resolve(
            try #require(fixture.ledger.uncertainHolds().first?.id), .charge(Money(pico: 4)))
        _ = try await fixture.correct("2026-10", 3)
        let span = CalendarSpan(
            start: try LedgerFixture.instant("2026-11-01T00:00:00Z"),
            end: try LedgerFixture.instant("2026-12-01T00:00:00Z"))
        let page = try await fixture.ledger.usage(
            UsageQuery(span: span, bucket: .month, zone: .utc, groups: [.meter]))
        #expect(page.buckets.flatMap(\.rows).reduce(.zero) { $0 + $1.cost } == Money(pico: 7))
    }
}
