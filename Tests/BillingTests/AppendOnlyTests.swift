import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct AppendOnlyTests {
    @Test(arguments: [
        "UPDATE ledger SET cost = 0", "DELETE FROM ledger", "UPDATE prices SET input = 0", "DELETE FROM prices",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger", "INSERT OR REPLACE INTO prices SELECT * FROM prices",
    ])
    func entriesAndPricesNeverChange(sql: String) async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(5)
        let price = PriceVersion(
            id: "prc_1", model: "m", effectiveFrom: fixture.clock.now(), publishedAt: fixture.clock.now(),
            rates: Rates(input: 1, output: 1))
        _ = try await fixture.journal.write { try BillingStore.insert(price, $0).id }
        await #expect(throws: DatabaseError.self) { try await fixture.journal.write { try $0.execute(sql: sql) } }
        #expect(try fixture.count("SELECT cost FROM ledger") == 5)
        #expect(try fixture.count("SELECT input FROM prices") == 1)
    }

    @Test func anEntryHasOneLineOfAKind() async throws {
        let fixture = try LedgerFixture()
        try await fixture.spend(5)
        await #expect(throws: DatabaseError.self) {
            try await fixture.journal.write { db in
                let columns = try db.columns(in: "ledger").map(\.name).filter { $0 != "seq" }.joined(separator: ", ")
                try db.execute(sql: "INSERT INTO ledger (\(columns)) SELECT \(columns) FROM ledger")
            }
        }
    }
}
