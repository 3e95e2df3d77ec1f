import Tenancy
import Testing

@testable import Billing

/// What must hold for every sheet, usage and bound; each case is made from its seed.
struct PriceSheetPropertyTests {
    private static let cases = 2000
    private static let tiers = ["flex", "batch", "hd/1024x1792"]
    private static let thresholds: [Int64] = [1, 100, 10_000, 1 << 40]

    /// A sheet beside the very prices it was made of.
    private struct Sample {
        var random: SeededGenerator
        let own: [String: [Meter: Int64]]
        let sheet: PriceSheet
        let ppm: Int64

        init(seed: UInt64) throws {
            var random = SeededGenerator(seed: seed)
            let extreme = random.oneIn(8)
            var own: [String: [Meter: Int64]] = [:]
            var versions: [PriceVersion] = []
            for index in 0...random.below(6) {
                let prices = Self.prices(&random, extreme: extreme)
                let rates =
                    prices[.input].map { Rates(input: $0, output: prices[.output] ?? 0, others: prices) }
                    ?? Rates(units: prices)
                let version = PriceVersion(
                    id: "prc_\(index)", model: "m",
                    tier: index == 0 || random.oneIn(3) ? nil : tiers.randomElement(using: &random),
                    aboveTokens: index == 0 || random.oneIn(3) ? nil : thresholds.randomElement(using: &random),
                    effectiveFrom: Timestamp(microseconds: 0), publishedAt: Timestamp(microseconds: 0), rates: rates)
                versions.append(version)
                own[version.id] = prices
            }
            ppm = [1_000_000, 0, 1_200_000, 333_333, extreme ? .max : 1].randomElement(using: &random) ?? 1
            sheet = try #require(PriceSheet(versions))
            self.own = own
            self.random = random
        }

        /// Own prices of tokens (both sides or none) and of some units.
        private static func prices(_ random: inout SeededGenerator, extreme: Bool) -> [Meter: Int64] {
            var prices: [Meter: Int64] = [:]
            let tokens = !random.oneIn(4)
            for meter in Meter.allCases {
                let isSide = meter == .input || meter == .output
                guard meter.isToken ? tokens && (isSide || random.oneIn(2)) : random.oneIn(2) else { continue }
                prices[meter] = amount(&random, extreme: extreme)
            }
            return prices
        }

        static func amount(_ random: inout SeededGenerator, extreme: Bool) -> Int64 {
            switch random.below(extreme ? 6 : 4) {
            case 0: 0
            case 1: Int64(random.below(50))
            case 2, 3: Int64(random.below(2_000_000))
            case 4: .max
            default: .max - Int64(random.below(9))
            }
        }

        mutating func usage(extreme: Bool) -> TokenUsage {
            var usage = TokenUsage.zero
            for meter in Meter.allCases where !random.oneIn(3) {
                usage[meter] = Self.amount(&random, extreme: extreme)
                if extreme, random.oneIn(5) { usage[meter] = .min }
            }
            return usage
        }

        mutating func anyTiers() -> [String] {
            (0..<random.below(3)).map { _ in tiers.randomElement(using: &random) ?? "" }
                + (random.oneIn(4) ? ["?"] : [])
        }

        /// Units times the meter's own price or its parent's, multiplied and rounded half to even, summed up.
        func cost(_ usage: TokenUsage, _ version: PriceVersion, ppm: Int64) -> Int128 {
            let prices = own[version.id] ?? [:]
            return Meter.allCases.reduce(0) { sum, meter in
                let price = prices[meter] ?? meter.parent.flatMap { prices[$0] } ?? 0
                let product = Int128(price) * Int128(ppm)
                var rate = product / 1_000_000
                let rest = product % 1_000_000
                if rest > 500_000 || (rest == 500_000 && rate % 2 == 1) { rate += 1 }
                rate = min(rate, Int128(Int64.max))
                return sum + Int128(max(usage[meter], 0)) * rate
            }
        }
    }

    @Test func costIsTheSumOverTheMeters() throws {
        for seed in 0..<UInt64(Self.cases) {
            var sample = try Sample(seed: seed)
            let (usage, tiers) = (sample.usage(extreme: false), sample.anyTiers())
            let (version, cost, list) = sample.sheet.cost(usage, tiers: tiers, ppm: sample.ppm)
            let most = Int128(Int64.max)
            #expect(cost.pico == min(sample.cost(usage, version, ppm: sample.ppm), most), "seed \(seed)")
            #expect(list.pico == min(sample.cost(usage, version, ppm: 1_000_000), most), "seed \(seed)")
        }
    }

    @Test func theCostOfASumIsTheSumOfTheCosts() throws {
        for seed in 0..<UInt64(Self.cases) {
            var sample = try Sample(seed: seed)
            let rates = sample.sheet.standard.rates.scaled(ppm: sample.ppm)
            let (first, second) = (sample.usage(extreme: false), sample.usage(extreme: false))
            var both = first
            both.add(second)
            let parts = CostCalculator.cost(first, rates: rates) + CostCalculator.cost(second, rates: rates)
            #expect(CostCalculator.cost(both, rates: rates) == min(parts, .lineMaximum), "seed \(seed)")
            #expect(both.total == first.total + second.total, "seed \(seed)")
            #expect(both.total == both.inputTotal + both.outputTotal, "seed \(seed)")
        }
    }

    @Test func noUsageWithinABoundCostsMoreThanTheBound() throws {
        for seed in 0..<UInt64(Self.cases) {
            var sample = try Sample(seed: seed)
            let most = sample.usage(extreme: seed % 4 == 0)
            let bound = UsageBound(
                inputTokens: most.inputTotal, outputTokens: most.outputTotal, images: most.image, seconds: most.second,
                characters: most.character, requests: most.request, searches: most.search)
            let held = sample.sheet.bound(bound, ppm: sample.ppm)
            for _ in 0..<4 {
                let usage = Self.part(of: most, &sample.random)
                let cost = sample.sheet.cost(usage, tiers: sample.anyTiers(), ppm: sample.ppm).cost
                #expect(cost <= held, "seed \(seed)")
            }
        }
    }

    /// A usage within the totals of another one, its tokens spread over the meters in any way.
    private static func part(of most: TokenUsage, _ random: inout SeededGenerator) -> TokenUsage {
        var part = TokenUsage.zero
        for (meters, total) in [(Meter.inputs, most.inputTotal), (Meter.outputs, most.outputTotal)] {
            var left = max(total, 0)
            for meter in Meter.allTokens.filter({ meters.contains($0.index) }).shuffled(using: &random) {
                part[meter] = random.oneIn(2) ? left : Int64.random(in: 0...left, using: &random)
                left -= part[meter]
            }
        }
        for meter in Meter.allUnits {
            part[meter] = random.oneIn(2) ? most[meter] : Int64.random(in: 0...max(most[meter], 0), using: &random)
        }
        return part
    }

    @Test func affordedOutputFitsAndOneTokenMoreDoesNot() throws {
        for seed in 0..<UInt64(Self.cases) {
            var sample = try Sample(seed: seed)
            var bound = UsageBound(
                inputTokens: Sample.amount(&sample.random, extreme: false), images: Int64(sample.random.below(9)),
                searches: Int64(sample.random.below(9)))
            let money = Money(pico: Int128(Sample.amount(&sample.random, extreme: true)))
            let tokens = sample.sheet.outputTokens(affordedBy: money, bound, ppm: sample.ppm)
            let rest = sample.sheet.bound(bound, ppm: sample.ppm)
            bound.outputTokens = tokens
            let fits = sample.sheet.bound(bound, ppm: sample.ppm) <= money
            #expect(fits || tokens == 0 && rest > money, "seed \(seed)")
            guard tokens < .max, rest <= money, money < .lineMaximum else { continue }
            bound.outputTokens = tokens + 1
            #expect(sample.sheet.bound(bound, ppm: sample.ppm) > money, "seed \(seed)")
        }
    }

    @Test func extremeValuesSaturateAndNeverTrap() throws {
        for seed in 0..<UInt64(Self.cases) {
            var sample = try Sample(seed: seed)
            let usage = sample.usage(extreme: true)
            var sum = usage
            for _ in 0..<3 { sum.add(sample.usage(extreme: true)) }
            let bound = UsageBound(
                inputTokens: sum.input, outputTokens: sum.output, images: sum.image, seconds: sum.second,
                characters: sum.character, requests: sum.request, searches: sum.search)
            for ppm in [Int64.min, -1, 0, 1, 1_000_000, .max] {
                let amounts = [
                    sample.sheet.cost(sum, tiers: sample.anyTiers(), ppm: ppm).cost,
                    sample.sheet.bound(bound, ppm: ppm),
                ]
                #expect(amounts.allSatisfy { $0 >= .zero && $0 <= .lineMaximum }, "seed \(seed)")
                for money in [Money(pico: .min), .zero, .lineMaximum, Money(pico: .max)] {
                    #expect(sample.sheet.outputTokens(affordedBy: money, bound, ppm: ppm) >= 0, "seed \(seed)")
                }
            }
            #expect(Meter.allCases.allSatisfy { (0...TokenUsage.lineMaximum).contains(sum.line[$0]) }, "seed \(seed)")
        }
    }

    @Test func everyMeterHasAPlaceOfItsOwn() {
        #expect(Meter.allCases.map(\.index) == Array(0..<Meter.allCases.count))
        #expect(Meter.allCases.count <= PerMeter.zero.lanes.scalarCount)
        for meter in Meter.allCases {
            var usage = TokenUsage.zero
            usage[meter] = 7
            #expect(usage.total == (meter.isToken ? 7 : 0))
            let root = meter.parent ?? meter
            #expect(usage.inputTotal == (root == .input ? 7 : 0))
            #expect(usage.outputTotal == (root == .output ? 7 : 0))
            #expect(Meter.allCases.filter { usage[$0] != 0 } == [meter])
        }
        let named = TokenUsage(
            input: 1, inputCacheRead: 2, inputCacheWrite5m: 3, inputCacheWrite1h: 4, inputAudio: 5, inputImage: 6,
            output: 7, outputReasoning: 8, outputAudio: 9, image: 10, second: 11, character: 12, request: 13,
            search: 14)
        #expect(Meter.allCases.map { named[$0] } == Array(1...14))
        let names = [
            named.input, named.inputCacheRead, named.inputCacheWrite5m, named.inputCacheWrite1h, named.inputAudio,
            named.inputImage, named.output, named.outputReasoning, named.outputAudio, named.image, named.second,
            named.character, named.request, named.search,
        ]
        #expect(names == Array(1...14))
    }
}
