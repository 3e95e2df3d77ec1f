import Support
import Tenancy
import Testing

@testable import Billing

/// Single requests, read back from the ledger.
struct RequestStoreTests {
    private let history: UsageHistory

    init() async throws {
        history = try await UsageHistory()
    }

    private func all(_ query: RequestQuery) async throws -> [RequestRecord] {
        var query = query
        var records: [RequestRecord] = []
        while true {
            let page = try await history.fixture.ledger.requests(query)
            #expect(page.records.count <= query.limit)
            records += page.records
            guard let next = page.next else { return records }
            query.after = next
        }
    }

    @Test
    func `every request is listed once, the newest first, in pages of any size`() async throws {
        let whole = try await all(RequestQuery())
        #expect(whole.count == 300)
        #expect(whole.map(\.id) == whole.map(\.id).sorted(by: >))
        #expect(whole.reduce(Money.zero) { $0 + $1.cost } == (try history.entries().reduce(.zero) { $0 + $1.cost }))
        for limit in [1, 7, 299, 300] {
            var query = RequestQuery()
            query.limit = limit
            #expect(try await all(query).map(\.id) == whole.map(\.id))
        }
    }

    @Test
    func `filters leave out all others`() async throws {
        let whole = try await all(RequestQuery())
        var query = RequestQuery()
        query.tenantID = "ten_1"
        query.model = "m1"
        query.start = Timestamp(rfc3339: "2026-10-22T00:00:00Z")
        query.end = Timestamp(rfc3339: "2026-10-30T00:00:00Z")
        let (start, end) = (try #require(query.start), try #require(query.end))
        let wanted = whole.filter {
            $0.tenantID == "ten_1" && $0.model == "m1" && start <= $0.admittedAt && $0.admittedAt < end
        }
        #expect(wanted.count > 10)
        #expect(try await all(query).map(\.id) == wanted.map(\.id))
        query = RequestQuery()
        query.ending = .outcome(.unanswered)
        #expect(try await all(query).map(\.id) == whole.filter { $0.attempts.last?.outcome == "unanswered" }.map(\.id))
        query.ending = .status(404)
        #expect(try await all(query).isEmpty)
        query = RequestQuery()
        query.backendID = "be_2"
        #expect(try await all(query).count == whole.count { $0.attempts.contains { $0.backendID == "be_2" } })
        query = RequestQuery()
        query.pool = "q"
        query.keyID = whole.first?.keyID
        let mine = whole.filter { $0.keyID == query.keyID && $0.attempts.contains { $0.pool == "q" } }
        #expect(!mine.isEmpty && mine.count < whole.count)
        #expect(try await all(query).map(\.id) == mine.map(\.id))
    }

    @Test
    func `a page that has looked at enough is short and says where to go on`() async throws {
        let whole = try await all(RequestQuery())
        var query = RequestQuery()
        query.model = "m1"
        query.ending = .outcome(.answered)
        let wanted = try await all(query).map(\.id)
        #expect(wanted == whole.filter { $0.model == "m1" && $0.attempts.last?.outcome == "answered" }.map(\.id))
        var (found, pages): ([String], Int) = ([], 0)
        repeat {
            let asked = query
            let page = try history.fixture.file.read { try RequestStore.page(asked, lookingAt: 7, $0) }
            #expect(page.records.count <= 7)
            found += page.records.map(\.id)
            query.after = page.next
            pages += 1
        } while query.after != nil
        #expect(found == wanted)
        #expect(pages > 40)
    }

    @Test
    func `an attempt's entries are summed, what passed the hold shown apart`() async throws {
        let whole = try await all(RequestQuery())
        let over = try #require(whole.first { $0.attempts.contains { $0.excess > .zero } })
        let attempt = try #require(over.attempts.first)
        #expect(attempt.entries.sorted() == ["excess", "settle"])
        #expect(attempt.cost == Money(pico: 400_000_000) + attempt.excess)
        #expect(try await history.fixture.ledger.request(over.id)?.cost == over.cost)
        #expect(try await history.fixture.ledger.request("req_nobody") == nil)
    }

    @Test
    func `attempts come in the order they were made`() async throws {
        let fixture = history.fixture
        let request = RequestID.make(at: fixture.clock.now())
        for attempt in 1...3 {
            let reservation = try fixture.held(fixture.claim(10, pool: "p\(attempt)", attempt: attempt, of: request))
            #expect(await fixture.record(reservation) == nil)
            let outcome: AttemptOutcome = attempt < 3 ? .errorStatus : .answered
            #expect(await fixture.settle(reservation, cost: attempt < 3 ? 0 : 7, outcome: outcome) == nil)
        }
        let record = try #require(try await fixture.ledger.request(request.text))
        #expect(record.attempts.map(\.number) == [1, 2, 3])
        #expect(record.attempts.map(\.pool) == ["p1", "p2", "p3"])
        #expect(record.attempts.map { $0.entries.joined() } == ["release", "release", "settle"])
        #expect(record.usage == TokenUsage(input: 3, output: 2))
        #expect(record.cost == Money(pico: 7))
    }
}
