import Dispatch
import GRDB
import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

struct PeriodCloseTests {
    private func october() throws -> LedgerFixture {
        try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:59:59Z"))
    }

    @Test func itWaitsForItsGraceAndItsCalls() async throws {
        let fixture = try october()
        try await fixture.spend(5)
        let spanning = try fixture.held(fixture.claim(9))
        #expect(await fixture.record(spanning) == nil)
        await #expect(throws: PeriodError.self) { try await fixture.requestClose("2026-10") }
        fixture.clock.advance(milliseconds: 1000)
        try await fixture.requestClose("2026-10", graceMS: 60_000)
        #expect(await fixture.closer.sweep().isEmpty)
        fixture.clock.advance(milliseconds: 60_000)
        #expect(fixture.ledger.liveHolds(in: try LedgerFixture.month("2026-10")) == 1)
        #expect(await fixture.closer.sweep().isEmpty)
        #expect(try fixture.period("2026-10").status == .closing)
        try await fixture.spend(7)
        #expect(await fixture.settle(spanning, cost: 6) == nil)
        #expect(await fixture.closer.sweep().map(\.month.text) == ["2026-10"])
        let seal = try #require(try fixture.period("2026-10").seal)
        #expect(seal.entries == 2 && seal.cost == Money(pico: 11) && seal.number == 1)
        #expect(seal.closedAt == fixture.clock.now())
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger WHERE period = '2026-11'") == 1)
        #expect(try fixture.allDifferences() == [])
    }

    @Test("a sweep that comes while another reads a month waits for its end")
    func twoSweepsAtOnce() async throws {
        let fixture = try october()
        try await fixture.spend(5)
        fixture.clock.advance(milliseconds: 1000)
        try await fixture.requestClose("2026-10")
        let other = OtherSweep()
        var sources = PeriodFactsTests.sources
        let routing = sources.routing
        sources.routing = { db in
            try other.during { try routing(db) }
        }
        let closer = PeriodCloser(
            file: fixture.file, journal: fixture.journal, ledger: fixture.ledger, sources: sources,
            time: fixture.clock, logger: LedgerFixture.quiet)
        other.closer.withLock { $0 = closer }
        #expect(await closer.sweep().map(\.month.text) == ["2026-10"])
        #expect(await other.task.withLock { $0 }?.value.isEmpty == true)
        #expect(other.mostAtOnce == 1)
        #expect(try fixture.allDifferences() == [])
    }

    @Test func aMonthThatCannotBeClosedHoldsUpNoOther() async throws {
        let fixture = try october()
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-11-15T00:00:00Z"))
        try await fixture.spend(7, key: LedgerFixture.keyB)
        fixture.clock.set(try LedgerFixture.instant("2026-12-01T00:00:00Z"))
        for month in ["2026-10", "2026-11"] { try await fixture.requestClose(month) }
        let tag = "UPDATE api_keys SET tags = ? WHERE id = 'key_a'"
        try await fixture.journal.write { try $0.execute(sql: tag, arguments: ["1.5"]) }
        #expect(await fixture.closer.sweep().map(\.month.text) == ["2026-11"])
        #expect(try fixture.period("2026-10").status == .closing)
        try await fixture.journal.write { try $0.execute(sql: tag, arguments: ["{}"]) }
        #expect(await fixture.closer.sweep().map(\.month.text) == ["2026-10"])
        #expect(try fixture.allDifferences() == [])
    }

    @Test func itTellsWhoListensAndTheAuditLog() async throws {
        let fixture = try october()
        try await fixture.journal.write { db in
            try db.execute(
                sql: """
                    INSERT INTO webhooks (id, url, events, sealed_secret, key_version, created_at)
                    VALUES ('whk_1', 'http://127.0.0.1:9/', 'period.closed', x'00', 1, 0)
                    """)
        }
        fixture.clock.advance(milliseconds: 1000)
        try await fixture.close("2026-10")
        #expect(try fixture.count("SELECT COUNT(*) FROM webhook_deliveries WHERE event = 'period.closed'") == 1)
        let audit = "SELECT COUNT(*) FROM audit_log WHERE action = 'period.closed' AND subject = '2026-10'"
        #expect(try fixture.count(audit) == 1)
    }

    @Test func noLaterChangeReachesWhatItFroze() async throws {
        let fixture = try october()
        let now = fixture.clock.now()
        let price = PriceVersion(
            id: "prc_up", model: "m", kind: .upstream, effectiveFrom: now, publishedAt: now,
            rates: try Rates(perMillion: ["input": "0.15", "output": "0.6"]))
        _ = try await fixture.journal.write { try BillingStore.insert(price, $0).id }
        try await fixture.journal.write { db in
            try CreditStore.insert(
                Credit(
                    id: ID("crd_1"), tenantID: LedgerFixture.tenant, amount: Money(pico: 7), kind: .prepaid,
                    note: nil, createdAt: now, createdBy: "a"), db)
        }
        try await fixture.spend(5)
        fixture.clock.advance(milliseconds: 1000)
        let live = try fixture.facts("2026-10")
        try await fixture.close("2026-10")
        let frozen = try fixture.facts("2026-10")
        #expect(frozen.tenants == live.tenants && frozen.keys == live.keys && frozen.backends == live.backends)
        #expect(frozen.models == live.models && frozen.prices == live.prices && frozen.credits == live.credits)
        #expect(frozen.party == live.party && frozen.credits.count == 1 && frozen.prices.count == 1)

        let later = PriceVersion(
            id: "prc_later", model: "m", kind: .upstream, effectiveFrom: now, publishedAt: fixture.clock.now(),
            rates: Rates(input: 9, output: 9))
        try await fixture.journal.write { db in
            try db.execute(sql: "UPDATE tenants SET name = 'renamed', tags = '{\"a\":\"b\"}', time_zone = 'Asia/Tokyo'")
            try db.execute(sql: "UPDATE api_keys SET name = 'renamed', tags = '{\"a\":\"b\"}'")
            try? db.execute(sql: "DELETE FROM budgets")
            _ = try? BillingStore.insert(later, db)
        }
        try await fixture.spend(8)
        let others = PeriodSources(
            party: BillingParty(issuer: "Another"), softwareVersion: "9.9", routing: { _ in RoutingFacts() })
        #expect(try fixture.facts("2026-10", others) == frozen)
        try fixture.restart()
        #expect(try fixture.facts("2026-10", others) == frozen)
        #expect(try fixture.facts("2026-11", others).tenants["ten_1"]?.name == "renamed")
        #expect(try fixture.allDifferences() == [])
    }

    @Test(arguments: [
        """
        INSERT INTO ledger SELECT seq + 100, node_id, node_seq + 100, request_id || 'x', attempt, kind, tenant_id,
            key_id, model, pool, backend_id, admitted_at, ended_at, period, price_version, multiplier_ppm, list_cost,
            cost, upstream_cost, input, input_cache_read, input_cache_write_5m, input_cache_write_1h, output,
            output_reasoning, other_meters, provenance, outcome, status, stream, corrects_period, emergency FROM ledger
        """,
        "UPDATE ledger SET cost = 0", "DELETE FROM ledger", "UPDATE periods SET status = 'closing'",
        "UPDATE periods SET cost_micro = 0", "DELETE FROM periods",
        """
        INSERT OR REPLACE INTO periods (period, status, requested_at, requested_by, due_at)
        VALUES ('2026-10', 'closing', 0, 'a', 0)
        """,
        "UPDATE period_facts SET body = '{}'", "DELETE FROM period_facts",
        "INSERT INTO period_facts VALUES ('2026-10', 'tenant', 'ten_9', '{}')",
        "INSERT OR REPLACE INTO period_facts SELECT period, kind, id, '{}' FROM period_facts",
        "UPDATE corrections SET amount = 5", "DELETE FROM corrections",
    ])
    func theDatabaseRefusesToChangeIt(sql: String) async throws {
        let fixture = try october()
        try await fixture.spend(5)
        fixture.clock.advance(milliseconds: 1000)
        try await fixture.close("2026-10")
        _ = try await fixture.correct("2026-10", 3)
        let before = try fixture.facts("2026-10")
        await #expect(throws: (any Error).self) { try await fixture.journal.write { try $0.execute(sql: sql) } }
        #expect(try fixture.facts("2026-10") == before)
        #expect(try fixture.allDifferences() == [])
    }

    @Test func whoWaitedOverTheCloseBelongsToTheNextMonth() async throws {
        let fixture = try october()
        _ = try await fixture.budget(10)
        let late = fixture.claim(10)
        fixture.clock.advance(milliseconds: 1000)
        let first = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(first) == nil)
        let (told, teller) = AsyncStream.makeStream(of: Ledger.Decision.self)
        let waiting = fixture.ledger.wait(late) { teller.yield($0) }
        #expect(waiting != nil)
        try await fixture.close("2026-10")
        fixture.ledger.abandon(first)
        var decisions = told.makeAsyncIterator()
        let reservation = try #require(await decisions.next()?.reservation)
        #expect(reservation.hold.admittedAt == (try LedgerFixture.instant("2026-11-01T00:00:00Z")))
        #expect(await fixture.record(reservation) == nil)
        #expect(await fixture.settle(reservation, cost: 4) == nil)
        #expect(try fixture.count("SELECT cost FROM ledger WHERE period = '2026-11' AND kind = 'settle'") == 4)
        #expect(try fixture.allDifferences() == [])
    }

    @Test func aClockThatWasSetBackPutsNothingIntoIt() async throws {
        let fixture = try october()
        fixture.clock.advance(milliseconds: 1000)
        try await fixture.close("2026-10")
        fixture.clock.advance(milliseconds: -5000)
        try fixture.restart()
        try await fixture.spend(3)
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger WHERE period = '2026-11'") == 1)
        #expect(try fixture.allDifferences() == [])
    }

    @Test func monthsAreChainedInTheOrderOfTheirCloses() async throws {
        let fixture = try october()
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-12-02T00:00:00Z"))
        try await fixture.close("2026-11")
        try await fixture.close("2026-10")
        let (november, october) = (
            try #require(try fixture.period("2026-11").seal), try #require(try fixture.period("2026-10").seal)
        )
        #expect(november.number == 1 && november.entries == 0 && november.previousManifestSHA256 == nil)
        #expect(october.number == 2 && october.previousManifestSHA256 == november.manifestSHA256)
        #expect(try fixture.allDifferences() == [])
        let listed = try fixture.file.read { try PeriodStore.periods($0, at: fixture.clock.now()) }
        #expect(listed.map(\.month.text) == ["2026-12", "2026-11", "2026-10"])
    }
}

/// A sweep that begins while another one reads, which gives it the time to read too.
private final class OtherSweep: Sendable {
    let closer = Mutex<PeriodCloser?>(nil)
    let task = Mutex<Task<[Period], Never>?>(nil)
    private let atOnce = Mutex((now: 0, most: 0))
    private let isReading = DispatchSemaphore(value: 0)

    var mostAtOnce: Int { atOnce.withLock { $0.most } }

    /// On a thread of its own, so it may wait.
    func during<Value>(_ read: () throws -> Value) rethrows -> Value {
        atOnce.withLock { ($0.now, $0.most) = ($0.now + 1, max($0.most, $0.now + 1)) }
        defer { atOnce.withLock { $0.now -= 1 } }
        if let closer = closer.withLock({ $0.take() }) {
            task.withLock { $0 = Task { await closer.sweep() } }
            _ = isReading.wait(timeout: .now() + .milliseconds(300))
        } else {
            isReading.signal()
        }
        return try read()
    }
}
