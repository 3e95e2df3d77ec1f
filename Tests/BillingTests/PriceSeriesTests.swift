import Tenancy
import Testing

@testable import Billing

struct PriceSeriesTests {
    private static let tiers: [String?] = [nil, nil, "flex"]
    private static let thresholds: [Int64?] = [nil, nil, 100]

    /// Whatever was asked before, and whenever prices were put: the sheet is the one of the instant asked for.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func theSheetOfAnInstantIsWhatAppliesThen(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let series = PriceSeries()
        var all: [PriceVersion] = []
        for step in 0..<60 {
            if random.oneIn(4) {
                let version = PriceVersion(
                    id: "prc_\(step)", model: "m", tier: Self.tiers.randomElement(using: &random) ?? nil,
                    aboveTokens: Self.thresholds.randomElement(using: &random) ?? nil,
                    effectiveFrom: Timestamp(microseconds: Int64(random.below(50))),
                    publishedAt: Timestamp(microseconds: Int64(random.below(50))), rates: Rates(input: 1, output: 1))
                all.append(version)
                series.put(version)
            }
            let instant = Timestamp(microseconds: Int64(random.below(60)))
            let sheet = series.sheet(at: instant)
            #expect(sheet?.standard.id == Self.latest(all, nil, nil, at: instant)?.id)
            guard let sheet else { continue }
            let flexLong = Self.latest(all, "flex", 100, at: instant) ?? Self.latest(all, "flex", nil, at: instant)
            let long = Self.latest(all, nil, 100, at: instant) ?? sheet.standard
            #expect(sheet.version(tiers: ["flex"], inputTokens: 101).id == (flexLong ?? long).id)
            #expect(sheet.version(tiers: [], inputTokens: 101).id == long.id)
            let flex = Self.latest(all, "flex", nil, at: instant) ?? sheet.standard
            #expect(sheet.version(tiers: ["flex"], inputTokens: 100).id == flex.id)
        }
    }

    private static func latest(
        _ versions: [PriceVersion], _ tier: String?, _ above: Int64?, at instant: Timestamp
    ) -> PriceVersion? {
        versions.filter { version in
            version.tier == tier && version.aboveTokens == above && version.effectiveFrom <= instant
                && version.publishedAt <= instant
        }.max { ($0.effectiveFrom, $0.publishedAt, $0.id) < ($1.effectiveFrom, $1.publishedAt, $1.id) }
    }

    @Test func aBackendsOwnPricesReplaceTheGeneralOnesAsAWhole() throws {
        func version(_ id: String, backend: String?, tier: String?) -> PriceVersion {
            PriceVersion(
                id: id, model: "m", kind: .upstream, backendID: backend, tier: tier,
                effectiveFrom: Timestamp(microseconds: 0), publishedAt: Timestamp(microseconds: 0),
                rates: Rates(input: 1, output: 1))
        }
        let book = PriceBook([
            version("all", backend: nil, tier: nil), version("all flex", backend: nil, tier: "flex"),
            version("own", backend: "be_1", tier: nil), version("lost", backend: "be_2", tier: "flex"),
        ])
        let found = ["be_1", "be_2", "be_3"].map { backend in
            book.upstreamSheet(model: "m", backendID: backend, at: Timestamp(microseconds: 9))?
                .version(tiers: ["flex"], inputTokens: 1).id
        }
        #expect(found == ["own", "all flex", "all flex"])
    }
}
