import Dispatch
import Foundation
import GRDB
import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

struct JournalTests {
    private struct Refusal: Error, Equatable {}

    @Test func aHoldIsOnDiskBeforeItsCallerHears() async throws {
        let fixture = try LedgerFixture()
        let reservation = try fixture.held(fixture.claim(10))
        let path = fixture.path + ".holds"
        let seen = await withCheckedContinuation { continuation in
            fixture.ledger.record(reservation) { _ in
                continuation.resume(returning: try? HoldFile(path: path).leftovers().map(\.amount.pico))
            }
        }
        #expect(seen == [10])
    }

    @Test func anEntryIsOnDiskAndPostedBeforeItsCallerHears() async throws {
        let fixture = try LedgerFixture()
        let budget = try await fixture.budget(100)
        let reservation = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(reservation) == nil)
        let other = try DatabaseFile.openReadOnly(path: fixture.path)
        let settlement = fixture.settlement(reservation, cost: 4)
        let ledger = fixture.ledger
        let seen = await withCheckedContinuation { continuation in
            ledger.settle(settlement) { _ in
                let row = try? other.read { try Int.fetchOne($0, sql: "SELECT cost FROM ledger") }
                continuation.resume(returning: [row ?? -1, Int(ledger.state(budget)?.posted.pico ?? -1)])
            }
        }
        #expect(seen == [4, 4])
        try other.close()
    }

    @Test func theWriterRestsAtFull() async throws {
        let fixture = try LedgerFixture()
        func level() throws -> Int? {
            try fixture.file.pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        }
        #expect(try level() == 2)
        let reservation = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(reservation) == nil)
        #expect(try level() == 2)
        #expect(await fixture.settle(reservation, cost: 1) == nil)
        #expect(try level() == 2)
        #expect(try await fixture.journal.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    }

    @Test func theLogIsMovedIntoTheDatabaseEachTimeItHasGrown() async throws {
        let fixture = try LedgerFixture()
        let log = fixture.path + "-wal"
        var longest: Int64 = 0
        try await fixture.journal.write { try $0.execute(sql: "CREATE TABLE large (bytes BLOB)") }
        for _ in 0..<24 {
            try await fixture.journal.write { try $0.execute(sql: "INSERT INTO large VALUES (zeroblob(1 << 20))") }
            longest = max(longest, try size(log))
        }
        // A thousand pages of 4 KiB and what one commit may add to them, twice: the writer may be one turn behind.
        #expect(longest < 7 << 20)
        #expect(try size(fixture.path) > 16 << 20)
    }

    private func size(_ path: String) throws -> Int64 {
        (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.int64Value ?? -1
    }

    @Test func aFailingChangeIsUndoneAlone() async throws {
        let fixture = try LedgerFixture()
        _ = try await fixture.budget(100)
        let reservation = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(reservation) == nil)
        let journal = fixture.journal
        let ended = Mutex<LedgerError??>(nil)
        // Until all of them wait, so that one turn takes them together.
        let release = await fixture.keepWriterBusy()
        let bad = Task {
            try await journal.write { db in
                try db.execute(sql: "INSERT INTO settings VALUES ('bad', x'01')")
                throw Refusal()
            }
        }
        let good = Task {
            try await journal.write { try $0.execute(sql: "INSERT INTO settings VALUES ('good', x'01')") }
        }
        let odd = Task { try await journal.write { try $0.execute(sql: "INSERT INTO settings VALUES ('', x'01')") } }
        fixture.ledger.settle(fixture.settlement(reservation, cost: 3)) { error in ended.withLock { $0 = .some(error) }
        }
        while journal.counters.pending < 4 { await Task.yield() }
        try await release()
        try await good.value
        await #expect(throws: Refusal.self) { try await bad.value }
        await #expect(throws: DatabaseError.self) { try await odd.value }
        #expect(ended.withLock { $0 } == .some(nil))
        #expect(try fixture.count("SELECT COUNT(*) FROM settings WHERE name IN ('good', 'bad')") == 1)
        #expect(try fixture.differences() == [])
    }

    @Test func committedRunsBeforeTheCallerGoesOn() async throws {
        let fixture = try LedgerFixture()
        let seen = Mutex<[Int]>([])
        let value = try await fixture.journal.write(
            { _ in 7 }, committed: { value in seen.withLock { $0.append(value) } })
        #expect(value == 7)
        #expect(seen.withLock { $0 } == [7])
    }

    @Test func closingWritesWhatWaitsAndThenRefuses() async throws {
        let fixture = try LedgerFixture()
        let reservation = try fixture.held(fixture.claim(10))
        let heard = Mutex<[LedgerError?]>([])
        fixture.ledger.record(reservation) { error in heard.withLock { $0.append(error) } }
        fixture.ledger.settle(fixture.settlement(reservation, cost: 2)) { error in heard.withLock { $0.append(error) } }
        fixture.journal.close()
        #expect(heard.withLock { $0 } == [nil, nil])
        #expect(try fixture.count("SELECT cost FROM ledger") == 2)
        await #expect(throws: LedgerError.unavailable("the journal is closed")) {
            try await fixture.journal.write { _ in }
        }
        let late = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(late) != nil)
        #expect(fixture.ledger.counters.liveHolds == 0)
    }

    @Test func commitsAreCounted() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(1)
        let journal = fixture.ledger.counters.journal
        #expect(journal.commits >= 1)
        #expect(journal.commitCounts.reduce(0, +) == journal.commits)
        #expect(journal.isWritable)
    }
}
