/// Every price that may apply to one call: which one does is known once the answer says its tier and its input.
public struct PriceSheet: Sendable {
    /// The price of calls that no other version is for.
    public let standard: PriceVersion
    /// The others, those for the longest calls first; none for most models, so that a sheet costs no allocation.
    let others: [PriceVersion]

    /// The sheet of versions that apply at one instant, the latest first; nil if no standard price is among them.
    init?(_ versions: [PriceVersion]) {
        var chosen: [PriceVersion] = []
        for version in versions where !chosen.contains(where: { version.isTwin(of: $0) }) { chosen.append(version) }
        guard let place = chosen.firstIndex(where: { $0.tier == nil && $0.aboveTokens == nil }) else { return nil }
        standard = chosen.remove(at: place)
        others = chosen.sorted { ($0.aboveTokens ?? -1) > ($1.aboveTokens ?? -1) }
    }

    /// Whether both are of the same versions.
    public func isSame(as other: PriceSheet) -> Bool {
        standard.id == other.standard.id && others.map(\.id) == other.others.map(\.id)
    }

    /// The tiers with a price of their own.
    public var tiers: Set<String> { Set(others.compactMap(\.tier)) }

    /// Whether every version charges a call that uses nothing but these meters; if not, it might be free by omission.
    public func charges(anyOf meters: [Meter]) -> Bool {
        func charges(_ version: PriceVersion) -> Bool { meters.contains { version.rates.charges($0) } }
        return charges(standard) && others.allSatisfy(charges)
    }

    /// The version that prices a call: of the first of `tiers` with a price for its length, else of the standard tier,
    /// the one with the highest `aboveTokens` below `inputTokens`, which are those of all input meters together.
    public func version(tiers: [String], inputTokens: Int64) -> PriceVersion {
        if others.isEmpty { return standard }
        for tier in tiers {
            if let version = longest(tier: tier, inputTokens: inputTokens) { return version }
        }
        return longest(tier: nil, inputTokens: inputTokens) ?? standard
    }

    private func longest(tier: String?, inputTokens: Int64) -> PriceVersion? {
        others.first { $0.tier == tier && $0.covers(inputTokens: inputTokens) }
    }

    /// The most that a call within `bound` can cost under any version that can apply to it, each price times `ppm`
    /// millionths; at most `Money.lineMaximum`. No `cost` of a usage within the bound is higher.
    public func bound(_ bound: UsageBound, ppm: Int64) -> Money {
        var dearest = CostCalculator.bound(bound, rates: standard.rates.scaled(ppm: ppm))
        for version in others where version.covers(inputTokens: bound.inputTokens) {
            dearest = max(dearest, CostCalculator.bound(bound, rates: version.rates.scaled(ppm: ppm)))
        }
        return dearest
    }

    /// How many output tokens `money` surely pays beside everything else in `bound`, whose own output does not matter;
    /// 0 when it does not cover the rest, Int64.max when output is free.
    public func outputTokens(affordedBy money: Money, _ bound: UsageBound, ppm: Int64) -> Int64 {
        let rates = standard.rates.scaled(ppm: ppm)
        var fewest = CostCalculator.outputTokens(affordedBy: money, bound, rates: rates)
        for version in others where version.covers(inputTokens: bound.inputTokens) {
            let rates = version.rates.scaled(ppm: ppm)
            fewest = min(fewest, CostCalculator.outputTokens(affordedBy: money, bound, rates: rates))
        }
        return fewest
    }

    /// What a usage costs, at the sheet's prices times `ppm` millionths and at those as they are, and which version
    /// says so. `tiers`: what the answer, or else the request, says of its tier, the most telling first.
    public func cost(
        _ usage: TokenUsage, tiers: [String], ppm: Int64
    ) -> (version: PriceVersion, cost: Money, listCost: Money) {
        let version = version(tiers: tiers, inputTokens: usage.inputTotal)
        let list = CostCalculator.cost(usage, rates: version.rates)
        if ppm == 1_000_000 { return (version, list, list) }
        return (version, CostCalculator.cost(usage, rates: version.rates.scaled(ppm: ppm)), list)
    }

    /// The usage of an attempt that was answered, with the call itself counted if the version that prices it charges
    /// for calls. To be done before `cost`.
    public func countingRequest(_ usage: TokenUsage, tiers: [String]) -> TokenUsage {
        guard version(tiers: tiers, inputTokens: usage.inputTotal).rates.charges(.request) else { return usage }
        var counted = usage
        counted.request = 1
        return counted
    }
}

extension PriceVersion {
    /// Whether both are for the same calls.
    fileprivate func isTwin(of other: PriceVersion) -> Bool {
        tier == other.tier && aboveTokens == other.aboveTokens
    }
}
