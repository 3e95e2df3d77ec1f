import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// Facts are written in parts before the close; only what was read just before counts.
struct PeriodPartsTests {
    private func ended() async throws -> LedgerFixture {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:59:59Z"))
        try await fixture.spend(5)
        fixture.clock.advance(milliseconds: 1000)
        return fixture
    }

    private func gather(_ fixture: LedgerFixture) throws -> PeriodGathering {
        let month = try LedgerFixture.month("2026-10")
        return try fixture.file.read { db in
            try PeriodCloseStore.gather(
                month, try PeriodScanStore.scan(db, month, after: nil), PeriodFactsTests.sources, db)
        }
    }

    @Test func whatAnEarlierAttemptLeftIsReplaced() async throws {
        let fixture = try await ended()
        try await fixture.requestClose("2026-10")
        try await fixture.journal.write { db in
            try db.execute(
                sql: """
                    INSERT INTO period_facts VALUES ('2026-10', 'tenant', 'ten_1', '{}'),
                        ('2026-10', 'hold', 'req_gone.1', '{}')
                    """)
        }
        #expect(await fixture.closer.sweep().map(\.month.text) == ["2026-10"])
        let facts = try fixture.facts("2026-10")
        #expect(facts.tenants["ten_1"]?.name == "one" && facts.uncertainHolds.isEmpty)
        #expect(try fixture.allDifferences() == [])
        #expect(try gather(fixture).changes == [])
    }

    @Test(arguments: [
        """
        INSERT INTO credits (id, tenant_id, amount_micro, amount_pico, kind, created_at, created_by)
        VALUES ('crd_1', 'ten_1', 1, 0, 'prepaid', 1793491199000000, 'a')
        """
    ])
    func aChangeAfterTheReadingIsReadAgain(sql: String) async throws {
        let fixture = try await ended()
        try await fixture.requestClose("2026-10")
        let (month, now) = (try LedgerFixture.month("2026-10"), fixture.clock.now())
        let gathered = try gather(fixture)
        try await fixture.journal.write { try $0.execute(sql: sql) }
        await #expect(throws: PeriodCloseStore.Stale.self) {
            _ = try await fixture.journal.write {
                try PeriodCloseStore.close(
                    month, gathered, factsSHA256: String(repeating: "0", count: 64), at: now, $0)
            }
        }
        #expect(try fixture.period("2026-10").status == .closing)
    }

    @Test func aMonthClosesWhateverOperatorsChangeMeanwhile() async throws {
        let fixture = try await ended()
        try await fixture.requestClose("2026-10")
        let (month, now) = (try LedgerFixture.month("2026-10"), fixture.clock.now())
        let gathered = try gather(fixture)
        try await fixture.journal.write { try PeriodFactsStore.write(gathered.changes, of: month, $0) }
        let entry = AuditEntry(
            id: ID("aud_1"), at: now, actor: "admin", action: "tenant.update", subject: "ten_1", before: nil,
            after: nil, requestID: "req")
        let price = PriceVersion(
            id: "prc_late", model: "m", effectiveFrom: now, publishedAt: now, rates: Rates(input: 1, output: 1))
        let closed = try await fixture.journal.write { db in
            try TenancyStore.audit(db, entry)
            try db.execute(sql: "UPDATE tenants SET name = 'renamed' WHERE id = 'ten_1'")
            _ = try BillingStore.insert(price, db)
            return try PeriodCloseStore.close(
                month, gathered, factsSHA256: String(repeating: "0", count: 64), at: now, db)
        }
        #expect(closed.status == .closed)
        #expect(try fixture.facts("2026-10").tenants["ten_1"]?.name == "one")
    }
}
