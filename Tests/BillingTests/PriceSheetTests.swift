import Tenancy
import Testing

@testable import Billing

struct PriceSheetTests {
    private static func version(
        _ id: String, _ input: Int64, tier: String? = nil, above: Int64? = nil, rates: Rates? = nil
    ) -> PriceVersion {
        PriceVersion(
            id: id, model: "m", tier: tier, aboveTokens: above, effectiveFrom: Timestamp(microseconds: 0),
            publishedAt: Timestamp(microseconds: 0), rates: rates ?? Rates(input: input, output: 10 * input))
    }

    private static let sheet = PriceSheet([
        version("flex", 2, tier: "flex"), version("long", 6, above: 100), version("standard", 4),
        version("longer", 9, above: 1000), version("flex long", 3, tier: "flex", above: 100),
        version("batch long", 1, tier: "batch", above: 100),
    ])

    @Test(arguments: [
        ([], 0, "standard"), ([], 100, "standard"), ([], 101, "long"), ([], 1000, "long"), ([], 1001, "longer"),
        (["flex"], 100, "flex"), (["flex"], 5000, "flex long"), (["none"], 101, "long"), (["none", "flex"], 5, "flex"),
        (["batch"], 100, "standard"), (["batch"], 101, "batch long"), (["batch", "flex"], 9, "flex"),
    ])
    func tierAndLengthPickTheVersion(tiers: [String], inputTokens: Int64, expected: String) throws {
        let sheet = try #require(Self.sheet)
        #expect(sheet.version(tiers: tiers, inputTokens: inputTokens).id == expected)
    }

    @Test func cachedTokensCountForTheLengthAndTheWholeCallHasOnePrice() throws {
        let sheet = try #require(Self.sheet)
        let usage = TokenUsage(input: 1, inputCacheRead: 99, inputImage: 1, output: 1)
        let (version, cost, list) = sheet.cost(usage, tiers: [], ppm: 1_500_000)
        #expect(version.id == "long")
        #expect(list.pico == 101 * 6 + 60)
        #expect(cost.pico == 101 * 9 + 90)
    }

    @Test func theBoundTakesTheDearestVersionThatCanApply() throws {
        let sheet = try #require(Self.sheet)
        #expect(sheet.bound(UsageBound(inputTokens: 100, outputTokens: 1), ppm: 1_000_000).pico == 100 * 4 + 40)
        #expect(sheet.bound(UsageBound(inputTokens: 101, outputTokens: 1), ppm: 1_000_000).pico == 101 * 6 + 60)
        #expect(sheet.bound(UsageBound(inputTokens: 1001), ppm: 2_000_000).pico == 1001 * 18)
    }

    @Test func affordedOutputIsBoughtUnderEveryVersion() throws {
        let sheet = try #require(Self.sheet)
        let bound = UsageBound(inputTokens: 101)
        #expect(sheet.outputTokens(affordedBy: Money(pico: 101 * 6 + 125), bound, ppm: 1_000_000) == 2)
        #expect(sheet.outputTokens(affordedBy: Money(pico: 101 * 6 - 1), bound, ppm: 1_000_000) == 0)
    }

    @Test func withoutAStandardPriceThereIsNoSheet() {
        #expect(PriceSheet([]) == nil)
        #expect(PriceSheet([Self.version("flex", 1, tier: "flex"), Self.version("long", 1, above: 5)]) == nil)
    }

    @Test func theLatestOfTwinsCounts() throws {
        let sheet = try #require(PriceSheet([Self.version("new", 1), Self.version("old", 2)]))
        #expect(sheet.standard.id == "new")
        #expect(sheet.tiers.isEmpty)
        #expect(try #require(Self.sheet).tiers == ["flex", "batch"])
    }

    @Test func theRequestIsCountedWhereItIsCharged() throws {
        let perCall = Rates(input: 1, output: 1, others: [.request: 7])
        let sheet = try #require(
            PriceSheet([Self.version("s", 1), Self.version("f", 1, tier: "flex", rates: perCall)]))
        #expect(sheet.countingRequest(TokenUsage(input: 3), tiers: []) == TokenUsage(input: 3))
        let counted = sheet.countingRequest(TokenUsage(input: 3), tiers: ["flex"])
        #expect(counted == TokenUsage(input: 3, request: 1))
        #expect(sheet.cost(counted, tiers: ["flex"], ppm: 1_000_000).cost.pico == 10)
        #expect(sheet.bound(UsageBound(inputTokens: 3), ppm: 1_000_000).pico == 10)
    }

    @Test func aSheetChargesACallOnlyIfEveryVersionDoes() throws {
        let perImage = Rates(units: [.image: 40])
        let images = try #require(PriceSheet([Self.version("s", 0, rates: perImage)]))
        #expect(images.charges(anyOf: [.image, .input]))
        #expect(!images.charges(anyOf: [.input]))
        let mixed = try #require(PriceSheet([Self.version("s", 0, rates: perImage), Self.version("f", 1, tier: "f")]))
        #expect(!mixed.charges(anyOf: [.image]))
        #expect(mixed.charges(anyOf: [.image, .input]))
    }
}
