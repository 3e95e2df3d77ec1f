import Billing

/// Usage as a backend reported it.
struct UsageReading: Equatable, Sendable {
    /// Disjoint counts.
    var usage: TokenUsage
    /// Whether the report was at odds with itself or with its format, and was clamped to something sound.
    var anomaly: Bool
}
