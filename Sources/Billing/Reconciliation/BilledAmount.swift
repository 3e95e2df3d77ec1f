/// What a provider's bill says of one UTC day.
public struct BilledAmount: Sendable, Equatable {
    /// `2026-11-01`.
    public let day: String
    /// The provider's name of the model; nil: the bill does not tell models apart.
    public let model: String?
    /// In USD; below zero for a credit.
    public let amount: Money

    /// An amount as read.
    public init(day: String, model: String?, amount: Money) {
        self.day = day
        self.model = model
        self.amount = amount
    }
}
