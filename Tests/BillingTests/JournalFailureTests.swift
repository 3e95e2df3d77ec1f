import Dispatch
import GRDB
import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

struct JournalFailureTests {
    /// Lets the file grow no further, as a full disk would; nil lifts the limit.
    private func limit(_ fixture: LedgerFixture, full: Bool) throws {
        try fixture.file.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(full ? pages : 1_000_000)")
        }
    }

    /// Holds until the file is full, and gives the reservation that was refused.
    private func fill(_ fixture: LedgerFixture) async throws -> (stored: [Reservation], refusal: LedgerError) {
        try limit(fixture, full: true)
        var stored: [Reservation] = []
        for _ in 0..<2000 {
            let reservation = try fixture.held(fixture.claim(1, model: String(repeating: "m", count: 200)))
            if let refusal = await fixture.record(reservation) { return (stored, refusal) }
            stored.append(reservation)
        }
        throw LedgerError.rejected("the file never filled up")
    }

    @Test func aHoldThatCannotBeWrittenIsGivenBack() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100_000)
        let (stored, refusal) = try await fill(fixture)
        guard case .unavailable = refusal else {
            Issue.record("\(refusal)")
            return
        }
        #expect(fixture.figures(budget)[1] == stored.count)
        #expect(try fixture.count("SELECT COUNT(*) FROM holds") == stored.count)
    }

    @Test func settlementsAreKeptAndWrittenOnceThereIsRoom() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100_000)
        let (stored, _) = try await fill(fixture)
        // Entries are wider than holds, so the first ones cannot be written.
        var refused = 0
        for reservation in stored where await fixture.settle(reservation, cost: 1) != nil { refused += 1 }
        #expect(refused > 0)
        await #expect(throws: LedgerError.self) {
            try await fixture.journal.write {
                try $0.execute(sql: "INSERT INTO settings VALUES ('large', zeroblob(1000000))")
            }
        }
        try limit(fixture, full: false)
        while !fixture.journal.isWritable { await Task.yield() }
        try await fixture.journal.write { _ in }
        #expect(fixture.figures(budget) == [stored.count, 0, 100_000 - stored.count])
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger") == stored.count)
        #expect(try fixture.differences() == [])
        try await fixture.spend(5)
    }

    @Test func aSwapThatCannotBeWrittenKeepsTheOldAttemptsCost() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100_000)
        let first = try fixture.held(fixture.claim(500))
        #expect(await fixture.record(first) == nil)
        let (stored, _) = try await fill(fixture)
        for reservation in stored { _ = await fixture.settle(reservation, cost: 0) }
        let claim = fixture.claim(400, attempt: 2, of: first.claim.requestID)
        let next = try #require(fixture.ledger.reswap(first, costing: Money(pico: 50), claim).reservation)
        let refusal = await fixture.swap(fixture.settlement(first, cost: 50, outcome: .broken), next)
        try limit(fixture, full: false)
        while !fixture.journal.isWritable { await Task.yield() }
        try await fixture.journal.write { _ in }
        if refusal == nil { #expect(await fixture.settle(next, cost: 0) == nil) }
        #expect(fixture.figures(budget) == [50, 0, 99_950])
        #expect(try fixture.differences() == [])
    }

    @Test func oneBadRowDoesNotSpoilItsNeighbours() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000)
        let twin = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(twin) == nil)
        let again = try fixture.held(fixture.claim(10, of: twin.claim.requestID))
        let good = try fixture.held(fixture.claim(10))
        let (journal, ledger) = (fixture.journal, fixture.ledger)
        let heard = Mutex<[LedgerError?]>([])
        let gate = DispatchSemaphore(value: 0)
        let isBlocked = Mutex(false)
        let blocker = Task {
            try await journal.write { _ in
                isBlocked.withLock { $0 = true }
                gate.wait()
            }
        }
        while !isBlocked.withLock({ $0 }) { await Task.yield() }
        for reservation in [again, good] { ledger.record(reservation) { error in heard.withLock { $0.append(error) } } }
        gate.signal()
        try await blocker.value
        try await journal.write { _ in }
        let (refused, stored) = heard.withLock { ($0[0], $0[1]) }
        guard case .rejected = refused else {
            Issue.record("the twin was stored")
            return
        }
        #expect(stored == nil)
        #expect(fixture.figures(budget)[1] == 20)
        #expect(fixture.journal.isWritable)
    }

    @Test(arguments: [
        (ResultCode.SQLITE_FULL, "unavailable"), (.SQLITE_IOERR_WRITE, "unavailable"),
        (.SQLITE_READONLY, "unavailable"), (.SQLITE_BUSY, "unavailable"), (.SQLITE_IOERR_FSYNC, "fatal"),
        (.SQLITE_IOERR_DIR_FSYNC, "fatal"), (.SQLITE_CORRUPT, "fatal"), (.SQLITE_NOTADB, "fatal"),
        (.SQLITE_CONSTRAINT_UNIQUE, "rejected"), (.SQLITE_MISMATCH, "rejected"),
    ])
    func errorsAreToldApart(code: ResultCode, expected: String) {
        let kind =
            switch Journal.classify(DatabaseError(resultCode: code)) {
            case .unavailable: "unavailable"
            case .fatal: "fatal"
            case .rejected: "rejected"
            }
        #expect(kind == expected)
    }
}
