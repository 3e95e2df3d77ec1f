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
        // Until then such calls pay the standard price.
        #expect(other.changes.map(\.old) == [200, 100, 200] && other.changes.map(\.new) == [260, 50, 60])
        #expect(other.changes.map(\.perMille) == [300, -500, -700] && other.jumps.map(\.tier) == ["flex"])
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

    private func change(from old: [Meter: Int64], to new: [Meter: Int64]) -> [PriceChange] {
        let version = PriceVersion(
            id: "prc_1", model: "m", effectiveFrom: Timestamp(microseconds: 0), publishedAt: Timestamp(microseconds: 0),
            rates: Rates(input: 3, output: 10, others: old))
        let listed = ListedPrice(
            model: "m", tier: nil, aboveTokens: nil, rates: Rates(input: 3, output: 10, others: new))
        return PriceImportPlan([listed], over: [version], terms()).changes
    }

    @Test func aMeterWithoutAPriceHadItsParents() throws {
        let dearer = try #require(change(from: [:], to: [.outputReasoning: 1000]).first)
        #expect(dearer.old == 10 && dearer.new == 1000 && dearer.isJump)
        let dropped = try #require(change(from: [.inputCacheRead: 1], to: [:]).first)
        #expect(dropped.old == 1 && dropped.new == 3 && dropped.perMille == 2000 && dropped.isJump)
        #expect(change(from: [:], to: [.inputCacheRead: 3]).isEmpty)
        let charged = try #require(change(from: [:], to: [.request: 5]).first)
        #expect(charged.old == 0 && charged.isJump)
    }

    @Test func aNewTierIsComparedWithWhatItPaidBefore() {
        let old = [version(100, 200, from: -2000), version(10, 20, from: -1000, tier: "flex")]
        let plan = PriceImportPlan(
            [
                listed(100, 200), listed(10, 20, tier: "flex"), listed(400, 200, above: 100),
                listed(400, 20, tier: "flex", above: 100),
            ], over: old, terms())
        #expect(plan.changes.map(\.old) == [100, 10] && plan.jumps.count == 2)
        #expect(PriceImportPlan([listed(1, 2, tier: "flex")], over: [], terms()).changes.map(\.old) == [nil, nil])
    }

    @Test func whatWasAgreedWithATenantIsNotCompared() {
        let agreed = PriceVersion(
            id: "prc_2", model: "m", tenantID: ID("ten_1"), effectiveFrom: day, publishedAt: day,
            rates: Rates(input: 9, output: 9))
        let plan = PriceImportPlan([listed(1, 2)], over: [agreed], terms())
        #expect(plan.versions.count == 1 && plan.jumps.isEmpty && plan.conflicts.isEmpty)
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
