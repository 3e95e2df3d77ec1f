import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// However much of the ledger is folded, every figure is the same.
struct UsageFoldingTests {
    private let history: UsageHistory

    init() async throws {
        history = try await UsageHistory()
    }

    private var folding: UsageFolding {
        UsageFolding(
            file: history.fixture.file, journal: history.fixture.journal, partSize: 100, logger: LedgerFixture.quiet)
    }

    private func folded() throws -> Int64 { try history.fixture.file.read { try UsageFoldStore.folded($0) } }

    private func answers() throws -> [[UsagePage.Bucket]] {
        let start = try #require(Timestamp(rfc3339: "2026-10-20T07:30:00Z"))
        // Beyond the newest entry too, where the months are open.
        let ends = try ["2026-11-03T04:15:00Z", "2026-11-26T00:00:00Z"].map { try #require(Timestamp(rfc3339: $0)) }
        let groupings: [[UsageGroup]] = [
            [], [.model], [.tenant], [.tenant, .model], [.meter], [.model, .meter], [.tenant, .meter], [.key],
        ]
        var answers: [[UsagePage.Bucket]] = []
        for name in ["UTC", "Europe/Berlin", "America/New_York"] {
            let zone = try #require(CalendarZone(identifier: name))
            for end in ends {
                let span = CalendarSpan(start: start, end: end)
                for groups in groupings {
                    var query = UsageQuery(span: span, bucket: .month, zone: zone, groups: groups)
                    for tenants in [nil, [LedgerFixture.tenant]] {
                        query.tenantIDs = tenants
                        let buckets = try history.fixture.ledger.usagePage(query).buckets
                        #expect(buckets == (try history.sums(query)), "\(name) \(groups)")
                        answers.append(buckets)
                    }
                }
            }
        }
        return answers
    }

    @Test
    func `nothing, something or everything folded is the same answer, and the books are right`() async throws {
        let unfolded = try answers()
        for parts in [1, 2, 100] {
            try await history.fold(parts: parts)
            #expect(try answers() == unfolded)
            #expect(try history.fixture.differences() == [])
        }
        let last = try history.fixture.file.read { try LedgerStore.lastSequence($0) }
        #expect(try folded() == last && last > 300)
        #expect(try await folding.foldPart() == nil)
    }

    @Test
    func `a restart goes on where the last part ended`() async throws {
        try await history.fold(parts: 1)
        try history.fixture.restart()
        #expect(try folded() == 100)
        await folding.fold()
        #expect(try history.fixture.differences() == [])
        _ = try answers()
    }

    @Test
    func `a part that is there already is not added again`() async throws {
        let file = history.fixture.file
        let folds = try file.read { try UsageFoldStore.sums(after: 0, upTo: 100, $0) }
        let journal = history.fixture.journal
        let added = try await [1, 2].asyncMap { _ in
            try await journal.write { try UsageFoldStore.add(folds, after: 0, upTo: 100, $0) }
        }
        #expect(added == [true, false])
        await withTaskGroup { group in
            for _ in 0..<4 { group.addTask { [folding] in await folding.fold() } }
        }
        #expect(try history.fixture.differences() == [])
    }

    @Test
    func `a month of tenants is read as one, and the newest entries by their place`() throws {
        let zone = try #require(CalendarZone(identifier: "Europe/Berlin"))
        let month = zone.month(containing: try #require(Timestamp(rfc3339: "2026-10-25T00:00:00Z")))
        let query = UsageQuery(span: month, bucket: .month, zone: zone, groups: [.tenant])
        var some = query
        some.tenantIDs = [LedgerFixture.tenant]
        let plan = try history.fixture.file.read { [some] db in
            let source = try UsageSourceStore(some, some.span, .sums, db)
            return try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(source.sql)", arguments: source.arguments)
                .map { $0["detail"] as String }.filter { $0.hasPrefix("SEARCH") || $0.hasPrefix("SCAN") }
        }
        // The UTC month and what is not folded of it, and the hours before it; nothing is younger than the month.
        #expect(plan.count == 3, "\(plan)")
        #expect(
            plan.allSatisfy { $0.contains("PRIMARY KEY (tenant_id=? AND bucket_start>?") || $0.contains("(rowid>?") },
            "\(plan)")
    }
}

extension Array where Element: Sendable {
    fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async rethrows -> [T] {
        var values: [T] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
