import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct DryRunTests {
    private static let day: Int64 = 86_400_000

    private func run(
        _ fixture: LedgerFixture,
        _ budget: ID<Budget>,
        limit: Int,
        days: Int64,
        longestMS: Int = 600_000  // ThreadSanitizer takes its time
    ) async throws -> DryRun {
        let stored = try #require(try fixture.file.read { try BillingStore.budget($0, budget) })
        return try await DryRunStore.run(
            path: fixture.path, stored, limit: Money(pico: Int128(limit)), days: days, at: fixture.clock.now(),
            longestMS: longestMS)
    }

    @Test func requestsThatWouldHavePassedTheLimitAreRefusedAndSpendNothing() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000, .day)
        for cost in [40, 50, 30, 10, 0] {
            fixture.clock.advance(milliseconds: 60_000)
            try await fixture.spend(cost)
        }
        fixture.clock.advance(milliseconds: 60_000)
        let run = try await run(fixture, budget, limit: 100, days: 1)
        let refusedAt = fixture.clock.now().adding(milliseconds: -180_000)
        let tally = DryRun.Tally(requests: 5, refused: 1, refusedCost: Money(pico: 30), firstRefusedAt: refusedAt)
        #expect(run.total == tally)
        #expect(run.windows.map(\.spent) == [Money(pico: 100)])
        #expect(run.windows.map(\.tally) == [tally])
        #expect(run.keys == [LedgerFixture.keyA: tally])
        #expect(run.models == ["m": tally])
        #expect(fixture.figures(budget) == [130, 0, 870])
    }

    @Test func everyWindowBeginsAnew() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000, .day)
        for _ in 0..<3 {
            try await fixture.spend(60)
            try await fixture.spend(60)
            fixture.clock.advance(milliseconds: Self.day)
        }
        let run = try await run(fixture, budget, limit: 60, days: 5)
        #expect(run.windows.map(\.tally.refused) == [1, 1, 1])
        #expect(run.windows.map(\.span.start).sorted() == run.windows.map(\.span.start))
        #expect(run.total.refusedCost == Money(pico: 180))
    }

    @Test func whatWasSpentBeforeTheDaysCountsInTheirWindowButIsNotJudged() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000, .month)
        try await fixture.spend(90)
        // In the same quarter hour as the first instant that is judged, but before it.
        fixture.clock.advance(milliseconds: Self.day - 60_000)
        try await fixture.spend(5)
        fixture.clock.advance(milliseconds: 120_000)
        try await fixture.spend(5)
        fixture.clock.advance(milliseconds: 1)
        try await fixture.spend(1)
        fixture.clock.advance(milliseconds: Self.day - 60_001)
        let run = try await run(fixture, budget, limit: 100, days: 1)
        #expect([run.total.requests, run.total.refused] == [2, 1])
        #expect(run.total.refusedCost == Money(pico: 1))
        #expect(run.windows.map(\.spent) == [Money(pico: 100)])
    }

    @Test func onlyTheBudgetsScopeIsReplayed() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000, .day, key: LedgerFixture.keyB, model: "x", pool: "q")
        try await fixture.spend(50)
        try await fixture.spend(50, key: LedgerFixture.keyB, model: "x")
        try await fixture.spend(50, key: LedgerFixture.keyB, model: "x", pool: "q")
        try await fixture.spend(50, key: LedgerFixture.keyB, pool: "q")
        let run = try await run(fixture, budget, limit: 10, days: 1)
        #expect([run.total.requests, run.total.refused] == [1, 1])
        #expect(Set(run.keys.keys) == [LedgerFixture.keyB])
    }

    @Test func allAttemptsOfARequestAreOneAndReleasedOnesNone() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000)
        let first = try fixture.held(fixture.claim(100))
        #expect(await fixture.record(first) == nil)
        let claim = fixture.claim(100, attempt: 2, of: first.claim.requestID)
        let next = try #require(fixture.ledger.reswap(first, claim).reservation)
        #expect(await fixture.swap(fixture.settlement(first, cost: 30), next) == nil)
        // Another request ends between the two attempts, and the second one costs more than its hold.
        try await fixture.spend(20)
        #expect(await fixture.settle(next, cost: 120) == nil)
        let released = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(released) == nil)
        #expect(await fixture.settle(released, cost: 0, outcome: .notSent) == nil)
        let run = try await run(fixture, budget, limit: 149, days: 1)
        #expect([run.total.requests, run.total.refused] == [2, 1])
        #expect(run.total.refusedCost == Money(pico: 150))
    }

    @Test func aReplayThatTakesTooLongIsGivenUp() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000)
        try await fixture.spend(1)
        try await fixture.journal.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000)
                    INSERT INTO ledger (seq, node_id, node_seq, request_id, attempt, kind, tenant_id, key_id, model,
                        pool, backend_id, admitted_at, ended_at, period, multiplier_ppm, list_cost, cost, input,
                        input_cache_read, input_cache_write_5m, input_cache_write_1h, output, output_reasoning,
                        provenance, outcome, status, stream)
                    SELECT n, node_id, n, 'r' || n, attempt, kind, tenant_id, key_id, model, pool, backend_id,
                        admitted_at, ended_at, period, multiplier_ppm, list_cost, cost, input, input_cache_read,
                        input_cache_write_5m, input_cache_write_1h, output, output_reasoning, provenance, outcome,
                        status, stream
                    FROM ledger, numbers WHERE seq = 1
                    """
            )
        }
        await #expect(throws: DryRunError.tooLong) {
            try await self.run(fixture, budget, limit: 1, days: 1, longestMS: 1)
        }
        #expect(try await self.run(fixture, budget, limit: 5, days: 1).total.refused == 59_995)
    }

    /// The same question answered from the caller's own notes, without the ledger.
    @Test(arguments: 1...8)
    func theReplayAgreesWithANaiveOne(seed: UInt64) async throws {
        let fixture = try LedgerFixture(zone: seed.isMultiple(of: 2) ? "Asia/Kathmandu" : "UTC")
        let kind = BudgetWindow.Kind.allCases[Int(seed) % 4]
        let budget = try await fixture.budget(1_000_000, kind)
        var random = SeededGenerator(seed: seed)
        var spent: [(at: Timestamp, cost: Int, key: ID<APIKey>)] = []
        for _ in 0..<120 {
            fixture.clock.advance(milliseconds: Int64(1 + random.below(7_200_000)))
            let cost = random.below(50)
            let key = random.below(2) == 0 ? LedgerFixture.keyA : LedgerFixture.keyB
            spent.append((fixture.clock.now(), cost, key))
            try await fixture.spend(cost, key: key)
        }
        let (limit, days) = (50 + random.below(400), Int64(1 + random.below(4)))
        let run = try await run(fixture, budget, limit: limit, days: days)

        let zone = try #require(CalendarZone(identifier: fixture.zone))
        let from = fixture.clock.now().adding(milliseconds: -days * Self.day)
        var sums: [Timestamp: Int] = [:]
        var (requests, refused, refusedCost) = (0, 0, 0)
        var byKey: [ID<APIKey>: Int64] = [:]
        for (at, cost, key) in spent where BudgetWindow(kind, containing: from, in: zone).start <= at {
            let start = BudgetWindow(kind, containing: at, in: zone).start
            if at >= from {
                requests += 1
                if cost > 0, sums[start, default: 0] + cost > limit {
                    refused += 1
                    refusedCost += cost
                    byKey[key, default: 0] += 1
                    continue
                }
            }
            sums[start, default: 0] += cost
        }
        #expect([run.total.requests, run.total.refused] == [Int64(requests), Int64(refused)])
        #expect(run.total.refusedCost == Money(pico: Int128(refusedCost)))
        for (key, tally) in run.keys { #expect(tally.refused == byKey[key, default: 0]) }
        for window in run.windows { #expect(Money(pico: Int128(sums[window.span.start] ?? -1)) == window.spent) }
    }
}
