import Tenancy
import Testing

@testable import Billing

struct PriceImportPlanTests {
    private let day = Timestamp(microseconds: 1_795_435_200_000_000)

    private func terms(_ kind: PriceKind = .tenant) -> PriceImportPlan.Terms {
        PriceImportPlan.Terms(kind: kind, backendID: nil, effectiveFrom: day, publishedAt: day)
    }

    private func listed(_ input: Int64, _ output: Int64, tier: String? = nil, above: Int64? = nil) -> ListedPrice {
        ListedPrice(model: "m", tier: tier, aboveTokens: above, rates: Rates(input: input, output: output))
    }

    private func version(
        _ input: Int64, _ output: Int64, from: Int64 = -1000, kind: PriceKind = .tenant, tier: String? = nil
    ) -> PriceVersion {
        PriceVersion(
            id: "prc_\(from)", model: "m", kind: kind, tier: tier, effectiveFrom: day.adding(milliseconds: from),
            publishedAt: day.adding(milliseconds: from), rates: Rates(input: input, output: output))
    }

    @Test func onlyWhatDiffersIsPublished() {
        let old = [version(1, 9, from: -2000), version(100, 200)]
        let same = PriceImportPlan([listed(100, 200)], over: old, terms())
        #expect(same.versions.isEmpty && same.changes.isEmpty && same.unchanged == 1)
        let other = PriceImportPlan([listed(100, 260), listed(50, 60, tier: "flex")], over: old, terms())
        #expect(other.versions.map(\.tier) == [nil, "flex"] && other.unchanged == 0)
        #expect(other.changes.map(\.meter) == [.output, .input, .output])
        #expect(other.changes.map(\.old) == [200, nil, nil] && other.changes.map(\.new) == [260, 50, 60])
        #expect(other.changes.map(\.perMille) == [300, nil, nil] && other.jumps.isEmpty)
        #expect(other.versions.allSatisfy { $0.effectiveFrom == day && $0.publishedAt == day && $0.kind == .tenant })
    }

    @Test func otherTermsAreOtherPrices() {
        let plan = PriceImportPlan([listed(100, 200)], over: [version(100, 200)], terms(.upstream))
        #expect(plan.versions.count == 1 && plan.versions[0].kind == .upstream)
        let future = PriceImportPlan([listed(1, 2)], over: [version(1, 2, from: 5000)], terms())
        #expect(future.versions.count == 1)
    }

    @Test(
        arguments: [
            (100, 150, 500, false), (100, 151, 510, true), (100, 50, -500, false), (100, 49, -510, true),
            (100, 0, -1000, true), (3, 4, 333, false), (3, 5, 667, true), (1_000_000, 1_000_001, 0, false),
        ] as [(Int64, Int64, Int64, Bool)])
    func moreThanHalfIsAJump(old: Int64, new: Int64, perMille: Int64, isJump: Bool) throws {
        let plan = PriceImportPlan([listed(new, 7)], over: [version(old, 7)], terms())
        let change = try #require(plan.changes.first)
        #expect(change.perMille == perMille && change.isJump == isJump)
        #expect(plan.jumps.count == (isJump ? 1 : 0))
    }

    @Test func whatWasFreeJumps() throws {
        let plan = PriceImportPlan([listed(1, 7)], over: [version(0, 7)], terms())
        let change = try #require(plan.changes.first)
        #expect(change.perMille == nil && change.isJump)
    }

    @Test func otherNumbersForTheSameInstantConflict() {
        let plan = PriceImportPlan([listed(1, 8)], over: [version(1, 7, from: 0)], terms())
        #expect(plan.conflicts == ["m"])
    }
}
