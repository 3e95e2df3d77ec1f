import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// A price agreed with one tenant is what its entries say, whatever the tenant's multiplier.
struct AgreedPriceTests {
    @Test func entriesAndReportsAreNotScaled() async throws {
        let fixture = try LedgerFixture()
        let now = fixture.clock.now()
        let price = PriceVersion(
            id: "prc_own", model: "m", tenantID: LedgerFixture.tenant, effectiveFrom: now, publishedAt: now,
            rates: Rates(input: 7, output: 11))
        _ = try await fixture.journal.write { try BillingStore.insert(price, $0).id }
        let plain = fixture.claim(100)
        var tenant = plain.tenant
        tenant.priceMultiplierPPM = 500_000
        let claim = Ledger.Claim(
            requestID: plain.requestID, tenant: tenant, keyID: plain.keyID, model: plain.model, pool: plain.pool,
            wanted: plain.wanted, admittedAt: plain.admittedAt, price: price)
        let reservation = try fixture.held(claim)
        #expect(await fixture.record(reservation) == nil)
        // 3 x 7 + 2 x 11.
        #expect(await fixture.settle(reservation, cost: 43) == nil)
        #expect(try fixture.count("SELECT multiplier_ppm FROM ledger WHERE price_version = 'prc_own'") == 1_000_000)
        let month = BillingPeriod(containing: now)
        let query = UsageQuery(
            span: CalendarSpan(start: month.start, end: month.end), bucket: .month,
            zone: try #require(CalendarZone(identifier: "UTC")), groups: [.meter])
        let rows = try fixture.ledger.usagePage(query).buckets.flatMap(\.rows)
        #expect(rows.map(\.values) == [["input"], ["output"]])
        #expect(rows.map(\.cost) == [Money(pico: 21), Money(pico: 22)])
        let facts = try fixture.file.read { try PeriodFactsStore.facts($0, month, PeriodFactsTests.sources) }
        #expect(facts.prices["prc_own"]?.tenantID == "ten_1")
    }
}
