import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// Money paid ahead is drawn once, whatever closes when.
struct PrepaidTests {
    private static func usd(_ amount: Int) -> Money { Money(pico: Int128(amount)) }

    private func pay(_ fixture: LedgerFixture, _ amount: Int, _ id: String = "crd_1") async throws {
        let credit = Credit(
            id: ID(id), tenantID: LedgerFixture.tenant, amount: Self.usd(amount), kind: .prepaid, note: nil,
            createdAt: fixture.clock.now(), createdBy: "finance")
        _ = try await fixture.journal.write { try CreditStore.record(credit, $0) }
    }

    /// What the files of these months leave the tenant to pay; purchases aside.
    private func billed(_ fixture: LedgerFixture, _ months: String...) throws -> [Int] {
        try months.map { month in
            let facts = try fixture.facts(month)
            let last = facts.period.seal?.lastSequence ?? .max
            var rows = try ExportRowsStore(ExportQuery(format: .csv), facts, through: last, fixture.file)
            var sum = Money.zero
            while let next = try rows.next() {
                for row in next where row.kind != .purchase { sum += row.billed }
            }
            return Int(sum.pico)
        }
    }

    @Test func aCallThatEndedAfterMidnightDrawsBeforeTheNextMonth() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-09-30T23:59:00Z"))
        try await pay(fixture, 10)
        let spanning = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(spanning) == nil)
        fixture.clock.set(try LedgerFixture.instant("2026-10-01T00:10:00Z"))
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-10-01T00:20:00Z"))
        #expect(await fixture.settle(spanning, cost: 10) == nil)
        fixture.clock.set(try LedgerFixture.instant("2026-11-02T00:00:00Z"))
        #expect(try billed(fixture, "2026-09", "2026-10") == [0, 5])
        try await fixture.close("2026-09")
        try await fixture.close("2026-10")
        #expect(try billed(fixture, "2026-09", "2026-10") == [0, 5])
        #expect(try fixture.allDifferences() == [])
    }

    @Test(arguments: [
        ["2026-09", "2026-10", "2026-11"], ["2026-11", "2026-10", "2026-09"], ["2026-10", "2026-11", "2026-09"],
    ])
    func threeMonthsDrawWhatWasPaidWhateverClosesFirst(order: [String]) async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-09-10T00:00:00Z"))
        try await pay(fixture, 10)
        for (instant, cost) in [("2026-09-11T00:00:00Z", 4), ("2026-10-11T00:00:00Z", 5), ("2026-11-11T00:00:00Z", 6)] {
            fixture.clock.set(try LedgerFixture.instant(instant))
            try await fixture.spend(cost)
        }
        fixture.clock.set(try LedgerFixture.instant("2026-12-02T00:00:00Z"))
        for month in order { try await fixture.close(month) }
        #expect(try billed(fixture, "2026-09", "2026-10", "2026-11") == [0, 0, 5])
        #expect(try fixture.allDifferences() == [])
    }

    @Test func whatComesIntoAnOpenMonthAfterALaterOneClosedFindsNothingLeft() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-09-30T23:59:00Z"))
        try await pay(fixture, 10)
        let spanning = try fixture.held(fixture.claim(9))
        #expect(await fixture.record(spanning) == nil)
        fixture.clock.set(try LedgerFixture.instant("2026-10-05T00:00:00Z"))
        try await fixture.spend(8)
        fixture.clock.set(try LedgerFixture.instant("2026-11-02T00:00:00Z"))
        try await fixture.close("2026-10")
        #expect(await fixture.settle(spanning, cost: 9) == nil)
        #expect(try billed(fixture, "2026-09", "2026-10") == [7, 0])
        try await fixture.close("2026-09")
        #expect(try billed(fixture, "2026-09", "2026-10") == [7, 0])
    }

    @Test func whatWasPaidLaterIsNotDrawnEarlier() {
        func draw(_ months: [(Int, Int, Int?)], at target: Int) -> Int {
            let months = months.map {
                PrepaidMonth(paid: Self.usd($0.0), spent: Self.usd($0.1), frozen: $0.2.map(Self.usd))
            }
            return Int(PrepaidDraw.drawn(months, at: target).pico)
        }
        #expect(draw([(2, 9, nil), (20, 0, 15)], at: 0) == 2)
        #expect(draw([(5, 9, nil), (0, 0, 4)], at: 0) == 1)
        #expect(draw([(5, 9, nil), (0, 0, 5)], at: 0) == 0)
        #expect(draw([(5, 9, nil), (20, 3, nil), (0, 0, 15)], at: 0) == 5)
    }

    @Test func aCreditCountsBehindClosedMonthsAndNeverInOne() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-11-01T00:00:10Z"))
        try await fixture.close("2026-10")
        fixture.clock.set(try LedgerFixture.instant("2026-10-31T23:59:50Z"))
        try await pay(fixture, 3)
        #expect(try fixture.facts("2026-10").credits.isEmpty)
        #expect(try fixture.facts("2026-11").credits.map(\.amount.pico) == [3])
        await #expect(throws: DatabaseError.self) {
            try await fixture.journal.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO credits (id, tenant_id, amount_micro, amount_pico, kind, created_at, created_by)
                        SELECT 'crd_2', tenant_id, 1, 0, kind, 1793491199000000, created_by FROM credits
                        """)
            }
        }
    }
}
