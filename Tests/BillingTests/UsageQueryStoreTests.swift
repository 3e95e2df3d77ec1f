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
    }

    private static let groupings: [[UsageGroup]] = [
        [], [.tenant], [.key], [.model], [.pool], [.backend], [.tag("team")], [.model, .key], [.tenant, .model, .pool],
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
        for (tenant, parts) in [(nil, 1), (LedgerFixture.tenant, 3)] {
            var question = try query(.day, "Europe/Berlin", [.model])
            question.tenantIDs = tenant.map { [$0] }
            let source = UsageSourceStore(question, question.span, suffix: "", columns: "requests")
            let plan = try history.fixture.file.read { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(source.sql)", arguments: source.arguments)
                    .map { $0["detail"] as String }
            }
            let searches = plan.filter { $0.hasPrefix("SEARCH") }
            #expect(searches.count == parts && !plan.contains { $0.hasPrefix("SCAN") }, "\(plan)")
            #expect(searches.allSatisfy { $0.contains("bucket_start>?") }, "\(plan)")
        }
        let byKey = try query(.day, "Europe/Berlin", [.key])
        let source = UsageSourceStore(byKey, byKey.span, suffix: "", columns: "requests")
        #expect(source.sql.contains("INDEXED BY usage_day_by_time"))
    }
}
