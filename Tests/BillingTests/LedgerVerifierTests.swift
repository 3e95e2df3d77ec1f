import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct LedgerVerifierTests {
    private func filled() async throws -> LedgerFixture {
        let fixture = try LedgerFixture(zone: "America/New_York")
        for window in BudgetWindow.Kind.allCases { _ = try await fixture.budget(1_000_000, window) }
        for step in 0..<6 {
            try await fixture.spend(100 + step)
            fixture.clock.advance(milliseconds: 11 * 3_600_000)
        }
        let images = try fixture.held(fixture.claim(20))
        #expect(await fixture.record(images) == nil)
        #expect(await fixture.settle(images, cost: 20, usage: TokenUsage(inputAudio: 7, image: 2)) == nil)
        await UsageFolding(file: fixture.file, journal: fixture.journal, logger: LedgerFixture.quiet).fold()
        try await fixture.spend(100)
        let left = try fixture.held(fixture.claim(40))
        #expect(await fixture.record(left) == nil)
        return fixture
    }

    /// Changes the file behind the ledger's back.
    private func tamper(_ fixture: LedgerFixture, _ sql: String) throws {
        let queue = try DatabaseQueue(path: fixture.path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test func rightBooksHaveNoDifferences() async throws {
        let fixture = try await filled()
        #expect(try fixture.differences() == [])
    }

    @Test(arguments: [
        ("UPDATE accounts SET posted_pico = posted_pico + 1", "budget bud_"),
        ("DELETE FROM accounts WHERE window_start > 0", "budget bud_"),
        ("UPDATE usage_quarter SET input = input + 1", "usage_quarter"),
        ("DELETE FROM usage_day", "usage_day: missing"),
        ("DROP TRIGGER ledger_no_update; UPDATE ledger SET cost = cost + 1 WHERE seq = 1", "usage_quarter"),
        ("DROP TRIGGER ledger_no_update; UPDATE ledger SET period = '2020-01' WHERE seq = 2", "period 2020-01"),
        ("DROP TRIGGER ledger_no_delete; DELETE FROM ledger WHERE seq = 3", "ledger: 7 entries up to sequence 8"),
        ("UPDATE usage_quarter_meters SET units = units + 1 WHERE meter = 'image'", "usage_quarter_meters: not as"),
        ("DELETE FROM usage_day_meters", "usage_day_meters: missing"),
        (
            "DROP TRIGGER ledger_no_update; UPDATE ledger SET other_meters = '{\"image\":3}' WHERE seq = 7",
            "usage_day_meters: not as"
        ),
        (
            "DROP TRIGGER ledger_no_update; UPDATE ledger SET other_meters = '[{' WHERE seq = 7",
            "entry 7 has unreadable meters"
        ),
        (
            "DROP TRIGGER ledger_no_update; UPDATE ledger SET other_meters = '[\"x\"]' WHERE seq = 7",
            "entry 7 has unreadable meters"
        ),
        ("UPDATE usage_total SET cost_pico = cost_pico + 1", "usage_total: not as"),
        ("DELETE FROM usage_month", "usage_month: missing"),
        ("UPDATE usage_total_meters SET units = units + 1", "usage_total_meters: not as"),
        ("DELETE FROM usage_month_meters", "usage_month_meters: missing"),
        ("UPDATE usage_total_costs SET requests = requests + 1 WHERE meter = 'image'", "usage_total_costs: not as"),
        ("DELETE FROM usage_total_costs WHERE meter = ''", "usage_total_costs: missing"),
        ("INSERT INTO usage_total_costs VALUES (0, 'm', 'p', 'b', 'input', 1, 1, 1, 0)", "usage_total_costs: not as"),
        // One entry counts twice or not at all: in the next questions too.
        ("UPDATE usage_folded SET seq = seq + 1", "usage_month: not as"),
        ("UPDATE usage_folded SET seq = seq - 1", "usage_total: not as"),
        ("UPDATE usage_folded SET seq = 99", "usage_folded: up to entry 99, the ledger ends at 8"),
        ("UPDATE tenants SET time_zone = 'Nowhere/Nothing'", "time zone"),
    ])
    func whatWasTamperedWithIsFound(sql: String, found: String) async throws {
        let fixture = try await filled()
        try tamper(fixture, sql)
        let differences = try fixture.differences()
        #expect(differences.contains { $0.contains(found) }, "\(differences)")
    }

    @Test func aHoldOfAnEndedAttemptIsFound() async throws {
        let fixture = try await filled()
        try tamper(
            fixture,
            """
            INSERT INTO holds SELECT request_id, attempt, tenant_id, key_id, model, pool, backend_id, cost, admitted_at,
                'live', price_version, multiplier_ppm FROM ledger WHERE seq = 1
            """
        )
        #expect(try fixture.differences().contains { $0.hasSuffix("has ended and is held") })
    }

    @Test func itReadsBesideARunningInstance() async throws {
        let fixture = try await filled()
        let other = try DatabaseFile.openReadOnly(path: fixture.path)
        #expect(try other.read { try LedgerVerifierStore.run($0) } == [])
        try other.close()
    }
}
