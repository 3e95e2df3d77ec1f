/// The sums of one group in one span.
public struct UsageRow: Sendable, Equatable {
    /// One value for each of the query's groups; empty where there is none, such as for a tag that is not set.
    public var values: [String]
    /// Answered attempts; attempts that cost nothing because they failed are not counted.
    public var requests: Int64
    /// What they used, by meter.
    public var usage: TokenUsage
    /// What they cost, exactly.
    public var cost: Money
}
