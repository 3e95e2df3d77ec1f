import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// A row that was changed from outside is named, never left out of a sum or a list; one of a tenant's own refuses that
/// tenant alone.
struct DamagedRowTests {
    @Test(arguments: [
        "window = 'fortnight'", "mode = 'x'", "limit_pico = 1000000000000000000", "limit_micro = -1",
        "limit_micro = 9223372036854775807",
    ])
    func aDamagedBudgetRefusesWhatItMatches(change: String) async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        try fixture.damage("UPDATE budgets SET \(change)")
        let all = try fixture.file.read { try BillingStore.budgets($0) }
        #expect(all.map(\.limit) == [.zero])
        #expect(all.map(\.mode) == [.hard])
        #expect(try fixture.file.read { try BillingStore.budget($0, budget) } == all.first)
    }

    @Test("a budget whose id is empty, or cannot be read as it is stored, lets its tenant spend nothing it did not")
    func damagedID() async throws {
        for id in ["''", "CAST(X'00' AS TEXT)"] {
            let fixture = try LedgerFixture()
            _ = try await fixture.budget(100)
            try await fixture.spend(100)
            try fixture.damage("UPDATE budgets SET id = \(id)")
            try fixture.restart()
            #expect(fixture.ledger.reserve(fixture.claim(1)).reservation == nil, "id = \(id)")
        }
    }

    @Test("a price agreed with a tenant whose kind cannot be read is one of tenants; whose another is nobody knows")
    func damagedKind() async throws {
        let fixture = try LedgerFixture()
        let now = fixture.clock.now()
        for (id, tenant) in [("prc_own", LedgerFixture.tenant), ("prc_list", nil)] {
            let price = PriceVersion(
                id: id, model: "m", tenantID: tenant, effectiveFrom: now, publishedAt: now,
                rates: Rates(input: 7, output: 11))
            _ = try await fixture.journal.write { try BillingStore.insert(price, $0).id }
        }
        try fixture.damage("DROP TRIGGER prices_no_update; UPDATE prices SET kind = '' WHERE id = 'prc_own'")
        let read = try fixture.file.read { try BillingStore.prices($0) }
        #expect(read.map(\.kind) == [.tenant, .tenant])
        try fixture.damage("UPDATE prices SET kind = '' WHERE id = 'prc_list'")
        #expect(throws: BillingError.damaged("prices, prc_list")) {
            try fixture.file.read { try BillingStore.prices($0) }
        }
    }

    @Test("a roll-up of more tokens than there are uses up its tenant's day, and of less than none gives nothing back")
    func rollUps() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(5)
        func used(_ change: String) throws -> Int64 {
            try fixture.damage("UPDATE usage_quarter SET \(change)")
            return try fixture.file.read {
                try LedgerStore.requestsAndTokensSince(
                    $0, tenantID: LedgerFixture.tenant, from: Timestamp(microseconds: 0))
            }.tokens
        }
        #expect(try used("input = 9223372036854775807, output = 9223372036854775807") == 4_000_000_000_000_000_000)
        #expect(try used("input = -9223372036854775808, output = 0") == 0)
    }

    @Test("a roll-up from after all time ends nobody's question for months")
    func rollUpAfterAllTime() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(5)
        try fixture.damage("UPDATE usage_quarter SET bucket_start = 9223372036854775807")
        let month = try LedgerFixture.month("2026-11")
        let query = UsageQuery(
            span: CalendarSpan(start: month.start, end: month.end), bucket: .month, zone: .utc, groups: [.tenant])
        let rows = try fixture.ledger.usagePage(query).buckets.flatMap(\.rows)
        #expect(rows.map(\.cost) == [Money(pico: 5)])
    }

    @Test("roll-ups that have more entries than the ledger take no others, and the gateway goes on")
    func foldedBeyondTheLedger() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(5)
        try fixture.damage("UPDATE usage_folded SET seq = 9223372036854775807")
        let folding = UsageFolding(file: fixture.file, journal: fixture.journal, logger: LedgerFixture.quiet)
        await #expect(throws: BillingError.damaged("usage_folded")) { try await folding.foldPart() }
        await folding.fold()
        #expect(try fixture.count("SELECT COUNT(*) FROM usage_month") == 0)
        try await fixture.spend(5)
    }

    @Test func theTagsOfADamagedKeyAreNotLeftOutOfAMonth() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        try await fixture.spend(5)
        try fixture.damage("UPDATE api_keys SET tags = '1.5'")
        #expect(throws: BillingError.self) { try fixture.facts("2026-10") }
    }

    @Test(arguments: [("[", ""), ("0.5 007 1e3 -1 1. 0.50 1", "0.5 0.50 1"), ("0 00 {\"a\":1}", "0")])
    func aDamagedThresholdIsNotShown(stored: String, read: String) async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        try fixture.damage("UPDATE budgets SET alerts_at = '\(stored)'")
        let found = try fixture.file.read { try BillingStore.budget($0, budget) }
        #expect(found?.alertsAt.joined(separator: " ") == read)
        #expect(found?.limit == Money(pico: 100))
    }

    @Test(arguments: ["1 ten", "1 -5"])
    func aDamagedAlertLeavesItsBudget(amounts: String) async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        try fixture.damage("UPDATE budgets SET alert_amounts = '\(amounts)'")
        let all = try fixture.file.read { try BillingStore.budgets($0) }
        let one = try Money(decimal: "1")
        #expect(all.map(\.alertAmounts) == [[one]])
        #expect(all.map(\.limit) == [Money(pico: 100)])
    }

    @Test(arguments: ["posted_pico = -1000000000000000000", "posted_micro = -9223372036854775808"])
    func aDamagedAccountLeavesNothingToSpend(change: String) async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        try await fixture.spend(5)
        try fixture.damage("UPDATE accounts SET \(change)")
        let newest = try fixture.file.read { try LedgerStore.newestAccounts(of: budget, $0) }
        #expect(newest.rows.map(\.posted) == [.limitMaximum])
    }

    @Test("an entry whose sequence leaves none behind it does not keep the next from being written")
    func lastSequence() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(5)
        try fixture.damage("DROP TRIGGER ledger_no_update; UPDATE ledger SET seq = 9223372036854775807")
        #expect(try fixture.file.read { try LedgerStore.lastSequence($0) } == 0)
        try await fixture.spend(5)
        #expect(try fixture.file.read { try LedgerStore.lastSequence($0) } == 1)
        let found = try fixture.file.read { try LedgerVerifierStore.run($0) }
        #expect(found.contains { $0.hasPrefix("ledger: 2 entries up to sequence 1") })
    }

    @Test(
        "an entry from before or after all time is written like any other",
        arguments: ["-9223372036854775808", "9223372036854775807"])
    func instants(admittedAt: String) async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        try await fixture.spend(5)
        try fixture.damage("DROP TRIGGER ledger_no_update; UPDATE ledger SET admitted_at = \(admittedAt)")
        let facts = try fixture.facts("2026-10")
        let download = try ExportDownload(ExportQuery(format: .jsonl), facts, through: .max, file: fixture.file)
        var bytes = 0
        while let part = try download.next() { bytes += part.count }
        #expect(bytes > 0)
    }

    @Test func aDamagedCreditIsNotLeftOut() throws {
        let fixture = try LedgerFixture()
        let credit = Credit(
            id: ID("crd_1"), tenantID: LedgerFixture.tenant, amount: Money(pico: 5), kind: .prepaid, note: nil,
            createdAt: Timestamp(microseconds: 0), createdBy: "bootstrap")
        try fixture.file.write { try CreditStore.insert(credit, $0) }
        try fixture.damage("DROP TRIGGER IF EXISTS credits_no_update; UPDATE credits SET kind = 'gift'")
        #expect(throws: BillingError.damaged("credits")) {
            try fixture.file.read { try CreditStore.sums($0, tenant: LedgerFixture.tenant) }
        }
        #expect(throws: BillingError.damaged("credits")) {
            try fixture.file.read { try CreditStore.credits($0, tenant: LedgerFixture.tenant, after: nil, limit: 9) }
        }
    }

    @Test func aDamagedMonthIsNotLeftOut() throws {
        let fixture = try LedgerFixture()
        try fixture.damage(
            """
            INSERT INTO periods (period, status, requested_at, requested_by, due_at)
            VALUES ('2026-xx', 'closing', 0, 'bootstrap', 0)
            """)
        #expect(throws: BillingError.damaged("periods")) { try fixture.file.read { try PeriodStore.closing($0) } }
    }

    @Test(
        "a closed month without what was sealed with it is named",
        arguments: [
            "closed_at", "format_version", "software_version", "entries", "last_seq", "cost_micro", "cost_pico",
            "chain_head", "facts_sha256", "manifest_sha256", "number",
        ])
    func damagedSeal(column: String) throws {
        let fixture = try LedgerFixture()
        try fixture.sealMonth(status: "closed")
        #expect(try fixture.file.read { try PeriodStore.periods($0, at: Timestamp(microseconds: 0)) }.count == 2)
        try fixture.damage("DROP TRIGGER periods_no_update; UPDATE periods SET \(column) = NULL")
        #expect(throws: BillingError.damaged("periods, 2026-09")) {
            try fixture.file.read { try PeriodStore.periods($0, at: Timestamp(microseconds: 0)) }
        }
    }

    @Test(
        "a closed month whose status is another one is named, wherever closed months are read",
        arguments: [
            "", "open", "closing",
        ])
    func damagedStatus(status: String) throws {
        let fixture = try LedgerFixture()
        try fixture.sealMonth(status: status)
        let damaged = BillingError.damaged("periods, 2026-09")
        #expect(throws: damaged) { try fixture.file.read { try PeriodStore.closed($0) } }
        #expect(throws: damaged) { try fixture.file.read { try PeriodStore.newestClosed($0) } }
        let end = try #require(BillingPeriod("2026-09")?.end)
        #expect(try fixture.file.read { try PeriodStore.closedUntil($0) } == end)
    }

    @Test func anEntryWithDamagedMetersIsNotCountedWithoutThem() async throws {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T12:00:00Z"))
        try await fixture.spend(5)
        try fixture.damage("DROP TRIGGER ledger_no_update; UPDATE ledger SET other_meters = '{\"image\":2'")
        let facts = try fixture.facts("2026-10")
        for format in [ExportFormat.csv, .jsonl] {
            let download = try ExportDownload(ExportQuery(format: format), facts, through: .max, file: fixture.file)
            #expect(throws: BillingError.damaged("ledger, sequence 1")) { while try download.next() != nil {} }
        }
        #expect(throws: BillingError.damaged("ledger")) {
            try fixture.file.read { db in
                let row = try Row.fetchOne(db, sql: "SELECT * FROM ledger")
                _ = try LedgerStore.usage(try #require(row))
            }
        }
    }
}

extension LedgerFixture {
    /// The row that September has once it is closed, but for its status.
    fileprivate func sealMonth(status: String) throws {
        try damage(
            """
            DROP TRIGGER periods_no_insert;
            INSERT INTO periods VALUES (
                '2026-09', '\(status)', 0, 'bootstrap', 0, 1, 0, 1, '1', 0, 0, 0, 0, 'a', 'b', 'c', NULL);
            """)
    }

    /// What somebody does with an editor: no check of the schema holds it back.
    fileprivate func damage(_ sql: String) throws {
        try file.pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
            try db.execute(sql: sql)
            try db.execute(sql: "PRAGMA ignore_check_constraints = OFF; PRAGMA foreign_keys = ON")
        }
    }
}
