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
        book.sheet(model: "m", at: Timestamp(microseconds: instant))?.standard.id
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
        #expect(book.sheet(model: "x", at: instant)?.standard == nil)
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
