import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct PeriodVerifierTests {
    private func closed() async throws -> LedgerFixture {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        for cost in [3, 5, 7] { try await fixture.spend(cost) }
        fixture.clock.set(try LedgerFixture.instant("2026-11-01T00:00:00Z"))
        try await fixture.close("2026-10")
        _ = try await fixture.correct("2026-10", -2)
        #expect(try fixture.allDifferences() == [])
        return fixture
    }

    private func change(_ sql: String, in fixture: LedgerFixture) throws {
        try fixture.file.write { db in
            for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
            try db.execute(sql: sql)
        }
    }

    @Test(arguments: [
        "last_seq = 1", "entries = 2", "closed_at = closed_at + 1", "format_version = 2", "cost_pico = 1",
    ])
    func noFileIsMadeOfAMonthWhoseSealWasChanged(change: String) async throws {
        let fixture = try await closed()
        _ = try fixture.facts("2026-10")
        try self.change("UPDATE periods SET \(change)", in: fixture)
        #expect(throws: BillingError.damaged("periods, 2026-10")) { try fixture.facts("2026-10") }
    }

    @Test(arguments: [
        "UPDATE ledger SET provenance = 'partial' WHERE seq = 2", "UPDATE ledger SET status = 201 WHERE seq = 1",
        "UPDATE ledger SET request_id = request_id || 'x' WHERE seq = 3",
        "UPDATE ledger SET list_cost = list_cost + 1 WHERE seq = 3",
        "UPDATE ledger SET upstream_cost = 0 WHERE seq = 3", "UPDATE ledger SET ended_at = ended_at + 1 WHERE seq = 1",
        "UPDATE ledger SET price_version = 'prc_x' WHERE seq = 2",
        "UPDATE ledger SET multiplier_ppm = 2000000 WHERE seq = 2",
        "UPDATE period_facts SET body = replace(body, 'one', 'two') WHERE kind = 'tenant'",
        "DELETE FROM period_facts WHERE kind = 'key'",
        "UPDATE periods SET closed_at = closed_at + 1", "UPDATE periods SET entries = 2",
        "UPDATE periods SET manifest_sha256 = replace(hex(zeroblob(32)), 'A', 'a')",
        "UPDATE corrections SET amount = -3", "UPDATE ledger SET cost = -3 WHERE kind = 'correction'",
    ])
    func itFindsWhateverWasChanged(sql: String) async throws {
        let fixture = try await closed()
        try change(sql, in: fixture)
        #expect(try fixture.file.read { try PeriodVerifierStore.run($0) } != [])
    }

    @Test func behindANumberThatNoneFollowsNoMonthCloses() async throws {
        let fixture = try await closed()
        try change("UPDATE periods SET number = 9223372036854775807", in: fixture)
        fixture.clock.set(try LedgerFixture.instant("2026-12-01T00:00:00Z"))
        try await fixture.requestClose("2026-11")
        #expect(await fixture.closer.sweep().isEmpty)
        #expect(try fixture.period("2026-11").status == .closing)
        #expect(try fixture.file.read { try PeriodVerifierStore.run($0) } != [])
    }

    /// The chain by another way: no SQL makes the rows, so both must write the same bytes.
    @Test func theChainIsWhatItsDescriptionSays() async throws {
        let fixture = try await closed()
        let seal = try #require(try fixture.period("2026-10").seal)
        let rows = try fixture.file.read {
            try Row.fetchAll($0, sql: "SELECT * FROM ledger WHERE period = '2026-10' ORDER BY seq")
        }
        var hash = CanonicalHash("tollgate ledger 1")
        for row in rows {
            let names = row.columnNames
            #expect(Array(names).count == 32)
            hash.add(
                names.map { name in
                    switch (row[name] as DatabaseValue).storage {
                    case .string(let text): text
                    case .int64(let number): "\(number)"
                    default: nil
                    }
                })
        }
        #expect(hash.hex == seal.chainHead)
        #expect(rows.count == 3)
    }
}
