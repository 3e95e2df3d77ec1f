import Billing

/// Usage as a backend reported it.
struct UsageReading: Equatable, Sendable {
    /// Disjoint counts.
    var usage: TokenUsage
    /// Whether the report was at odds with itself or with its format, and was clamped to something sound.
    var anomaly: Bool
    /// Whether the output was counted before it was made: it tells nothing of what came since.
    var isPreliminary = false
    /// The names of what the answer says it was made at, where that is not the standard: a service tier, or quality and
    /// size of an image, the closest first.
    var tiers: [String] = []
    /// What the backend says that its own charge is; never what the tenant pays.
    var providerCost: Money?
}

extension UsageReading {
    /// A reading without counts, with the rest of what the report says.
    init(_ report: UsageReport) {
        usage = .zero
        anomaly = report.anomaly
        isPreliminary = report.isPreliminary
        tiers = report.tier.map { [$0] } ?? []
        providerCost = report.cost
    }

    /// What a stream used that began with a report on its input and was cut: only the output is estimated.
    func completed(by estimate: TokenUsage) -> TokenUsage {
        var whole = usage
        whole.output = max(usage.output, estimate.output)
        return whole
    }
}
