import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

struct BillingStoreTests {
    private func price(_ id: String, input: Int64 = 1, from: Int64 = 0, tier: String? = nil) -> PriceVersion {
        PriceVersion(
            id: id, model: "m", tier: tier, effectiveFrom: Timestamp(microseconds: from),
            publishedAt: Timestamp(microseconds: 0), rates: Rates(input: input, output: 2, others: [.inputCacheRead: 1])
        )
    }

    @Test func theSamePriceAgainIsTheOneThatExists() throws {
        let fixture = try LedgerFixture()
        try fixture.file.write { (db: Database) throws in
            #expect(try BillingStore.insert(price("prc_1"), db).id == "prc_1")
            #expect(try BillingStore.insert(price("prc_2"), db).id == "prc_1")
            #expect(throws: BillingError.conflict) { try BillingStore.insert(price("prc_3", input: 9), db) }
            #expect(try BillingStore.insert(price("prc_4", input: 9, from: 5), db).id == "prc_4")
            #expect(try BillingStore.insert(price("prc_5", input: 9, tier: "flex"), db).id == "prc_5")
            #expect(try BillingStore.prices(db).count == 3)
            #expect(try BillingStore.priceHistory(db, model: "m").last?.rates == price("", input: 9).rates)
        }
    }

    @Test func aPriceAgreedWithATenantIsAnotherOne() throws {
        let fixture = try LedgerFixture()
        func agreed(_ id: String, _ tenant: String, input: Int64 = 9) -> PriceVersion {
            PriceVersion(
                id: id, model: "m", tenantID: ID(tenant), effectiveFrom: Timestamp(microseconds: 0),
                publishedAt: Timestamp(microseconds: 0), rates: Rates(input: input, output: 2))
        }
        let tenant = LedgerFixture.tenant.text
        try fixture.file.write { (db: Database) throws in
            _ = try BillingStore.insert(price("prc_1"), db)
            #expect(try BillingStore.insert(agreed("prc_2", tenant), db).id == "prc_2")
            #expect(try BillingStore.insert(agreed("prc_3", tenant), db).id == "prc_2")
            #expect(throws: BillingError.conflict) { try BillingStore.insert(agreed("prc_4", tenant, input: 8), db) }
            #expect(throws: BillingError.unknownTenant("ten_no")) {
                try BillingStore.insert(agreed("prc_5", "ten_no"), db)
            }
            #expect(try BillingStore.prices(db).map(\.tenantID) == [nil, LedgerFixture.tenant])
            func page(model: String?, tenant: ID<Tenant>?) throws -> [String] {
                try BillingStore.prices(db, model: model, tenant: tenant, after: nil, limit: 9).map(\.id)
            }
            #expect(try page(model: nil, tenant: nil) == ["prc_1", "prc_2"])
            #expect(try page(model: "m", tenant: LedgerFixture.tenant) == ["prc_2"])
            #expect(try page(model: "x", tenant: LedgerFixture.tenant) == [])
            #expect(throws: (any Error).self) {
                try db.execute(
                    sql: """
                        INSERT INTO prices (id, model, kind, tenant_id, effective_from, published_at, input, output)
                        VALUES ('prc_6', 'm', 'upstream', ?, 0, 0, 1, 1)
                        """, arguments: [tenant])
            }
        }
    }

    @Test func pricesAreReadAsTheyWereStored() throws {
        let fixture = try LedgerFixture()
        let every = Dictionary(uniqueKeysWithValues: Meter.allCases.map { ($0, Int64($0.index + 1)) })
        let sheets = [
            Rates(input: 0, output: 0), Rates(input: 7, output: 10, others: every),
            Rates(units: [.image: 0, .second: 5]), Rates(input: 1, output: 0, others: [.request: 3]),
        ]
        try fixture.file.write { (db: Database) throws in
            for (index, rates) in sheets.enumerated() {
                let version = PriceVersion(
                    id: "prc_\(index)", model: "m", tier: "flex", aboveTokens: Int64(index + 1),
                    effectiveFrom: Timestamp(microseconds: 4), publishedAt: Timestamp(microseconds: 5), rates: rates)
                #expect(try BillingStore.insert(version, db).id == version.id)
                #expect(try BillingStore.insert(version, db).id == version.id)
            }
            let stored = try BillingStore.prices(db)
            #expect(stored.map(\.rates) == sheets)
            #expect(stored.map(\.aboveTokens) == [1, 2, 3, 4])
        }
    }

    @Test func budgetsAreReadAsTheyWereStored() async throws {
        let fixture = try LedgerFixture()
        let budget = Budget(
            id: ID("bud_1"), tenantID: LedgerFixture.tenant, keyID: LedgerFixture.keyA, model: "m", pool: "p",
            limit: .limitMaximum, window: .week, mode: .shadow, alertsAt: ["0.5", "1"], createdAt: fixture.clock.now())
        let ledger = fixture.ledger
        _ = try await fixture.journal.write({ try ledger.insert(budget, $0) }, committed: { ledger.committed($0) })
        #expect(try fixture.file.read { try BillingStore.budget($0, budget.id) } == budget)
        #expect(try fixture.file.read { try BillingStore.budgets($0) } == [budget])
        #expect(try fixture.file.read { try BillingStore.budgets($0, after: "bud_0", limit: 5) } == [budget])
        #expect(try fixture.file.read { try BillingStore.budgets($0, tenant: ID("ten_2")) } == [])
        try await fixture.delete(budget.id)
        await #expect(throws: BillingError.notFound) { try await fixture.delete(budget.id) }
        #expect(try fixture.count("SELECT COUNT(*) FROM accounts") == 0)
    }
}
