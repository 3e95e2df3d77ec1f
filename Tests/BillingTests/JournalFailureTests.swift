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

    /// Spends 1 at a time until an end cannot be stored any more; gives how often it was spent, that end included.
    private func fill(_ fixture: LedgerFixture) async throws -> Int {
        try limit(fixture, full: true)
        for count in 1...2000 {
            let reservation = try fixture.held(fixture.claim(1, model: String(repeating: "m", count: 200)))
            #expect(await fixture.record(reservation) == nil)
            if await fixture.settle(reservation, cost: 1) != nil { return count }
        }
        throw LedgerError.rejected("the file never filled up")
    }

    private func makeRoom(_ fixture: LedgerFixture) async throws {
        try limit(fixture, full: false)
        while !fixture.journal.isWritable { await Task.yield() }
        try await fixture.journal.write { _ in }
    }

    /// Ends calls so that one turn of the journal takes them all; what their callers heard, in this order.
    private func endTogether(_ fixture: LedgerFixture, _ reservations: [Reservation]) async throws -> [LedgerError?] {
        let heard = Mutex<[LedgerError?]>([])
        let release = await fixture.keepWriterBusy()
        for reservation in reservations {
            let settlement = fixture.settlement(reservation, cost: 4)
            fixture.ledger.settle(settlement) { error in heard.withLock { $0.append(error) } }
        }
        try await release()
        while heard.withLock({ $0.count }) < reservations.count { await Task.yield() }
        return heard.withLock { $0 }
    }

    @Test func whileNothingCanBeWrittenHoldsAreRefusedAndGivenBack() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100_000)
        let count = try await fill(fixture)
        let refused = try fixture.held(fixture.claim(7))
        #expect(await fixture.record(refused) == .unavailable("the ledger cannot be written"))
        #expect(fixture.figures(budget) == [count - 1, 1, 100_000 - count])
        #expect(try fixture.holdsOnDisk().count == 1)
    }

    @Test func anEndIsKeptAndWrittenOnceThereIsRoom() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100_000)
        let count = try await fill(fixture)
        await #expect(throws: LedgerError.self) {
            try await fixture.journal.write {
                try $0.execute(sql: "INSERT INTO settings VALUES ('large', zeroblob(1000000))")
            }
        }
        try await makeRoom(fixture)
        #expect(fixture.figures(budget) == [count, 0, 100_000 - count])
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger") == count)
        #expect(try fixture.holdsOnDisk() == [])
        #expect(try fixture.differences() == [])
        try await fixture.spend(5)
    }

    @Test func whatAShadowBudgetWouldHaveRefusedIsStoredOnceThereIsRoom() async throws {
        let fixture = try LedgerFixture()
        let shadow = try await fixture.budget(1, mode: .shadow)
        let count = try await fill(fixture)
        try await makeRoom(fixture)
        #expect(fixture.ledger.state(shadow)?.wouldRefuse == Int64(count - 1))
        #expect(try fixture.count("SELECT SUM(would_refuse) FROM accounts") == count - 1)
    }

    @Test func aSwapThatCannotBeWrittenKeepsTheOldAttemptsCost() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100_000)
        let first = try fixture.held(fixture.claim(500))
        #expect(await fixture.record(first) == nil)
        let count = try await fill(fixture)
        let claim = fixture.claim(400, attempt: 2, of: first.claim.requestID)
        let next = try #require(fixture.ledger.reswap(first, costing: Money(pico: 50), claim).reservation)
        #expect(await fixture.swap(fixture.settlement(first, cost: 50, outcome: .broken), next) != nil)
        #expect(next.hold.place == nil)
        try await makeRoom(fixture)
        #expect(fixture.figures(budget) == [50 + count, 0, 99_950 - count])
        #expect(try fixture.holdsOnDisk() == [])
        #expect(try fixture.differences() == [])
    }

    @Test func oneBadRowDoesNotSpoilItsNeighbours() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(1000)
        try await fixture.journal.write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER odd BEFORE INSERT ON ledger WHEN NEW.model = 'odd'
                    BEGIN SELECT RAISE(ABORT, 'odd'); END
                    """)
        }
        let bad = try fixture.held(fixture.claim(10, model: "odd"))
        let good = try fixture.held(fixture.claim(10))
        for reservation in [bad, good] { #expect(await fixture.record(reservation) == nil) }
        let heard = try await endTogether(fixture, [bad, good])
        #expect(heard == [.rejected("odd"), nil])
        // What could not be stored keeps counting, in memory and for the next process.
        #expect(fixture.figures(budget) == [4, 10, 986])
        #expect(try fixture.holdsOnDisk() == [bad.hold.id])
        #expect(fixture.journal.isWritable)
        try await fixture.journal.write { try $0.execute(sql: "DROP TRIGGER odd") }
        try fixture.restart()
        #expect(fixture.figures(budget) == [4, 10, 986])
        #expect(fixture.ledger.uncertainHolds().map(\.id) == [bad.hold.id])
    }

    /// Neighbours of a bad row are written one by one: the last one that is taken must not hide one that was not.
    @Test func anEndThatFailedBesideOthersIsWrittenWhenTheJournalCloses() async throws {
        let fixture = try LedgerFixture()
        let fails = Mutex(true)
        try await fixture.journal.write { db in
            let refusal = DatabaseFunction("refusal", argumentCount: 0) { _ in
                if fails.withLock({ $0 }) { throw DatabaseError(resultCode: .SQLITE_PERM) }
                return nil
            }
            db.add(function: refusal)
            try db.execute(
                sql: """
                    CREATE TEMP TRIGGER odd BEFORE INSERT ON main.ledger WHEN NEW.model = 'odd'
                    BEGIN SELECT RAISE(ABORT, 'odd'); END;
                    CREATE TEMP TRIGGER late BEFORE INSERT ON main.ledger WHEN NEW.model = 'late'
                    BEGIN SELECT refusal(); END
                    """)
        }
        let calls = try ["odd", "late", "m"].map { try fixture.held(fixture.claim(4, model: $0)) }
        for call in calls { #expect(await fixture.record(call) == nil) }
        let heard = try await endTogether(fixture, calls)
        #expect(heard.map { $0 == nil } == [false, false, true])
        fails.withLock { $0 = false }
        fixture.journal.close()
        #expect(try fixture.count("SELECT COUNT(*) FROM ledger WHERE model = 'late'") == 1)
        #expect(try fixture.holdsOnDisk() == calls.prefix(1).map(\.hold.id))
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
