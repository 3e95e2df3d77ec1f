/// What a price list says, as far as Tollgate can charge by it.
public struct PriceList: Sendable, Equatable {
    /// Something of it that is not taken over.
    public struct Omission: Sendable, Equatable {
        /// The list's name of the model.
        public let model: String
        /// Why.
        public let reason: String

        /// An omission.
        public init(model: String, reason: String) {
            self.model = model
            self.reason = reason
        }
    }

    /// In the order of models, tiers and thresholds.
    public var prices: [ListedPrice]
    /// In the order of models.
    public var omissions: [Omission]

    /// A list; empty unless told otherwise.
    public init(prices: [ListedPrice] = [], omissions: [Omission] = []) {
        self.prices = prices
        self.omissions = omissions
    }
}
