import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// Usage queries say what the ledger's entries say, whatever the span, zone and groups.
struct UsageQueryStoreTests {
    private let history: UsageHistory

    init() async throws {
        history = try await UsageHistory()
        // Half of it is folded, so that the other half comes from the entries.
        try await history.fold(parts: 2)
    }

    private static let groupings: [[UsageGroup]] = [
        [], [.tenant], [.key], [.model], [.pool], [.backend], [.tag("team")], [.model, .key], [.key, .model],
        [.tenant, .model, .pool],
        [.tag("team"), .tag("stage"), .model], [.meter], [.model, .meter], [.meter, .tag("team")],
    ]

    private static let zones = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"]

    private func query(
        _ bucket: UsageBucket, _ zone: String, _ groups: [UsageGroup], from: String = "2026-10-20T07:30:00Z",
        to: String = "2026-11-03T04:15:00Z"
    ) throws -> UsageQuery {
        let start = try #require(Timestamp(rfc3339: from))
        let end = try #require(Timestamp(rfc3339: to))
        let zone = try #require(CalendarZone(identifier: zone))
        return UsageQuery(span: CalendarSpan(start: start, end: end), bucket: bucket, zone: zone, groups: groups)
    }

    /// All pages, joined.
    private func answer(_ query: UsageQuery, limit: Int = 1000) throws -> [UsagePage.Bucket] {
        var query = query
        query.limit = limit
        var buckets: [UsagePage.Bucket] = []
        while true {
            let page = try history.fixture.ledger.usagePage(query)
            let rows = page.buckets.reduce(0) { $0 + max(1, $1.rows.count) }
            #expect(rows <= limit)
            for bucket in page.buckets {
                if let last = buckets.last, last.span == bucket.span {
                    buckets[buckets.count - 1] = UsagePage.Bucket(span: last.span, rows: last.rows + bucket.rows)
                } else {
                    buckets.append(bucket)
                }
            }
            guard let next = page.next else { return buckets }
            #expect(UsageCursor(next.text) == next && query.takes(next))
            query.after = next
        }
    }

    @Test(arguments: groupings, UsageBucket.allCases)
    func `every figure is the sum of the entries`(groups: [UsageGroup], bucket: UsageBucket) throws {
        for zone in Self.zones {
            let query = try query(bucket, zone, groups)
            let buckets = try answer(query)
            #expect(buckets == (try history.sums(query)), "\(bucket) \(zone)")
            // No gap and no overlap.
            #expect(buckets.first?.span.start == query.span.start && buckets.last?.span.end == query.span.end)
            #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.span.end == $1.span.start })
        }
    }

    @Test(arguments: groupings)
    func `pages of any size are the same answer`(groups: [UsageGroup]) throws {
        let query = try query(.day, "Europe/Berlin", groups)
        let whole = try answer(query)
        for limit in [1, 2, 3, 7] { #expect(try answer(query, limit: limit) == whole) }
    }

    @Test
    func `filters leave out all others`() throws {
        var query = try query(.month, "UTC", [.key, .model])
        query.tenantIDs = [LedgerFixture.tenant]
        query.keyIDs = [LedgerFixture.keyB]
        query.models = ["m2"]
        query.pool = "p"
        query.backendID = "be_1"
        let buckets = try answer(query)
        #expect(buckets == (try history.sums(query)))
        #expect(buckets.contains { !$0.rows.isEmpty })
        query.keyIDs = [LedgerFixture.keyB, LedgerFixture.keyA]
        query.models = ["m1", "m2", "none"]
        let wider = try answer(query)
        #expect(wider == (try history.sums(query)))
        #expect(wider.reduce(0) { $0 + $1.rows.count } > buckets.reduce(0) { $0 + $1.rows.count })
        query.models = []
        #expect(try answer(query).allSatisfy { $0.rows.isEmpty })
        query.models = nil
        query.tenantIDs = [ID("ten_2")]
        #expect(try answer(query).allSatisfy { $0.rows.isEmpty })
    }

    @Test
    func `the sum over everything is what all entries cost`() throws {
        let query = try query(.month, "UTC", [], from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z")
        let cost = try answer(query).flatMap(\.rows).reduce(Money.zero) { $0 + $1.cost }
        let costs = try history.entries().map(\.cost)
        #expect(costs.count > 300)
        #expect(cost == costs.reduce(.zero, +))
        #expect(try history.fixture.differences() == [])
    }

    @Test
    func `rows of tenants and keys come with their names`() throws {
        let page = try history.fixture.ledger.usagePage(try query(.month, "UTC", [.tenant, .key]))
        #expect(page.tenantNames == ["ten_1": "one", "ten_2": "two"])
        #expect(page.keyNames["key_a"] == "key_a")
    }

    @Test
    func `a cost that no count explains has no meter, and nothing is lost`() throws {
        let query = try query(.month, "UTC", [.meter], from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z")
        let rows = try answer(query).flatMap(\.rows)
        #expect(rows.filter { $0.values == [""] }.contains { $0.cost > .zero && $0.usage == .zero })
        #expect(rows.filter { $0.values == ["image"] }.contains { $0.cost > .zero && $0.usage.image > 0 })
        let total = rows.reduce(Money.zero) { $0 + $1.cost }
        #expect(total == (try history.entries().reduce(.zero) { $0 + $1.cost }))
    }

    @Test
    func `questions over all tenants and of one find their rows by an index`() throws {
        for (tenant, parts) in [(nil, 2), (LedgerFixture.tenant, 3)] {
            var question = try query(.day, "Europe/Berlin", [.model])
            question.tenantIDs = tenant.map { [$0] }
            let plan = try history.fixture.file.read { [question] db in
                let source = try UsageSourceStore(question, question.span, .sums, db)
                return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(source.sql)", arguments: source.arguments)
                    .map { $0["detail"] as String }
            }
            let searches = plan.filter { $0.hasPrefix("SEARCH") }
            #expect(searches.count == parts && !plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
            #expect(
                searches.allSatisfy { $0.contains("bucket_start>?") || $0.contains("PRIMARY KEY (rowid>?") }, "\(plan)")
        }
        var byKey = try query(.day, "Europe/Berlin", [.key])
        let all = try history.fixture.file.read { [byKey] db in
            try UsageSourceStore(byKey, byKey.span, .sums, db).sql
        }
        #expect(all.contains("INDEXED BY usage_day_by_time"))
        byKey.keys = ("key_a", "key_b")
        let plan = try history.fixture.file.read { [byKey] db in
            let some = try UsageSourceStore(byKey, byKey.span, .sums, db)
            return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(some.sql)", arguments: some.arguments)
                .map { $0["detail"] as String }
        }
        #expect(plan.count { $0.contains("PRIMARY KEY (tenant_id=? AND bucket_start>?") } == 3, "\(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN u") }, "\(plan)")
    }

    @Test
    func `corrections without a key come first among the keys`() throws {
        let file = history.fixture.file
        try file.write { db in
            for table in ["usage_day", "usage_quarter"] {
                try db.execute(
                    sql: """
                        INSERT INTO \(table)
                        SELECT bucket_start, tenant_id, '', model, pool, backend_id, 0, 0, 0, 0, 0, 0, 0,
                            SUM(cost_micro) + 1, 0
                        FROM \(table) GROUP BY 1, 2, 4, 5, 6
                        """)
            }
            try db.execute(
                sql: """
                    INSERT INTO periods (period, status, requested_at, requested_by, due_at)
                        VALUES ('2026-09', 'closing', 0, 'a', 0);
                    INSERT INTO corrections (id, corrects_period, tenant_id, model, pool, amount, reason, created_at,
                        created_by)
                    SELECT 'cor_' || id, '2026-09', id, 'm1', 'p', 1, 'r', 0, 'a' FROM tenants;
                    """)
        }
        let query = try query(.day, "UTC", [.key])
        let whole = try answer(query)
        #expect(whole.contains { $0.rows.first?.values == [""] && $0.rows.count > 1 })
        for limit in [1, 2, 3] { #expect(try answer(query, limit: limit) == whole) }
        var byTenant = query
        byTenant.tenantIDs = [LedgerFixture.tenant, UsageHistory.otherTenant]
        #expect(try answer(byTenant) == whole)
    }

    @Test
    func `by meter an entry counts wherever it stands in the ledger`() throws {
        var query = try query(.day, "UTC", [.meter], from: "2026-10-26T00:00:00Z", to: "2026-10-27T00:00:00Z")
        query.tenantIDs = [LedgerFixture.tenant]
        let before = try answer(query)
        // The newest entries belong to calls that began long before, as a hold that was resolved late.
        let span = query.span
        let (first, end, last) = try history.fixture.file.read { db in
            (
                try LedgerStore.firstSequence(endedSince: span.start.microseconds, db),
                try LedgerStore.firstSequence(endedSince: span.end.microseconds, db), try LedgerStore.lastSequence(db)
            )
        }
        #expect(first > 1 && end > first && last > end)
        try history.fixture.file.write { db in
            try db.execute(
                sql: """
                    CREATE TEMP TABLE late AS SELECT * FROM ledger
                        WHERE seq >= ? AND seq < ? AND tenant_id = ? AND input > 0 LIMIT 1
                    """, arguments: [first, end, LedgerFixture.tenant.text])
            try db.execute(
                sql: """
                    UPDATE late SET seq = (SELECT MAX(seq) + 1 FROM ledger), node_seq = 1000000, attempt = 9,
                        ended_at = ended_at + 1000000000000;
                    INSERT INTO ledger SELECT * FROM late;
                    """)
        }
        #expect(try answer(query) == (try history.sums(query)))
        #expect(try answer(query) != before)
    }
}
