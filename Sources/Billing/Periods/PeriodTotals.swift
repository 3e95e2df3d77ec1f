/// What a month's entries come to.
public struct PeriodTotals: Sendable, Equatable {
    /// How many there are.
    public let entries: Int64
    /// What they cost together.
    public let cost: Money
}
