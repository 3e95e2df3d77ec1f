import Tenancy
import Testing

@testable import Billing

struct PriceBookTests {
    private func version(
        _ id: String,
        from: Int64,
        published: Int64,
        kind: PriceKind = .tenant,
        backend: String? = nil
    ) -> PriceVersion {
        PriceVersion(
            id: id, model: "m", kind: kind, backendID: backend, effectiveFrom: Timestamp(microseconds: from),
            publishedAt: Timestamp(microseconds: published), rates: Rates(input: 1, output: 1)
        )
    }

    private func price(_ book: PriceBook, at instant: Int64) -> String? {
        book.sheet(model: "m", tenantID: ID("ten_1"), at: Timestamp(microseconds: instant))?.standard.id
    }

    @Test func theLatestEffectiveVersionApplies() {
        let book = PriceBook([version("b", from: 200, published: 0), version("a", from: 100, published: 0)])
        #expect([99, 100, 199, 200, 999].map { price(book, at: $0) } == [nil, "a", "a", "b", "b"])
        // Back and forth: calls of the time before a price changed end among those of the time after it.
        #expect([200, 199, 200, 99, 100, 999].map { price(book, at: $0) } == ["b", "a", "b", nil, "a", "b"])
    }

    @Test func aBackdatedPriceAppliesOnlyFromItsPublication() {
        let book = PriceBook([version("a", from: 100, published: 0)])
        book.put(version("late", from: 150, published: 500))
        #expect(price(book, at: 400) == "a")
        #expect(price(book, at: 500) == "late")
    }

    @Test func otherModelsAndKindsDoNotPriceTenants() {
        let book = PriceBook([version("up", from: 0, published: 0, kind: .upstream)])
        book.put(version("backend", from: 0, published: 0, kind: .upstream, backend: "be_1"))
        #expect(price(book, at: 10) == nil)
        let instant = Timestamp(microseconds: 10)
        #expect(book.upstreamSheet(model: "m", backendID: "be_1", at: instant)?.standard.id == "backend")
        #expect(book.upstreamSheet(model: "m", backendID: "be_2", at: instant)?.standard.id == "up")
        #expect(book.sheet(model: "x", tenantID: ID("ten_1"), at: instant)?.standard == nil)
    }

    @Test func whatWasAgreedWithATenantReplacesTheListAsAWhole() throws {
        let start = Timestamp(microseconds: 0)
        func version(_ id: String, tenant: String?, tier: String? = nil, from: Int64 = 0) -> PriceVersion {
            PriceVersion(
                id: id, model: "m", tenantID: tenant.map { ID($0) }, tier: tier,
                effectiveFrom: Timestamp(microseconds: from), publishedAt: start, rates: Rates(input: 1, output: 1))
        }
        let book = PriceBook([
            version("list", tenant: nil), version("flex", tenant: nil, tier: "flex"),
            version("own", tenant: "ten_1", from: 100), version("batch", tenant: "ten_1", tier: "batch"),
            version("half", tenant: "ten_2", tier: "batch"),
        ])
        func sheet(_ tenant: String, at instant: Int64) throws -> PriceSheet {
            try #require(book.sheet(model: "m", tenantID: ID(tenant), at: Timestamp(microseconds: instant)))
        }
        // Before the agreement, and for a tenant without a standard price of its own, the list is all there is.
        for (tenant, instant) in [("ten_1", Int64(99)), ("ten_2", 200), ("ten_3", 200)] {
            let found = try sheet(tenant, at: instant)
            #expect(found.standard.id == "list" && found.tiers == ["flex"])
            #expect(found.standard.ppm(multiplier: 7) == 7)
        }
        let own = try sheet("ten_1", at: 100)
        #expect(own.standard.id == "own" && own.tiers == ["batch"])
        #expect(own.standard.ppm(multiplier: 7) == 1_000_000)
    }

    @Test func aPriceThatIsPutLaterAppliesAtOnce() {
        let book = PriceBook()
        #expect(price(book, at: 10) == nil)
        for _ in 0..<2 { book.put(version("a", from: 0, published: 0)) }
        #expect(price(book, at: 10) == "a")
        book.put(version("b", from: 5, published: 5))
        #expect([4, 5, 10].map { price(book, at: $0) } == ["a", "b", "b"])
    }
}
