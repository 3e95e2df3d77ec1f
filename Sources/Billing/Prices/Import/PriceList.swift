/// What a price list says, as far as Tollgate can charge by it.
public struct PriceList: Sendable, Equatable {
    /// Something of it that is not taken over.
    public struct Omission: Sendable, Equatable {
        /// The list's name of the model.
        public let model: String
        /// The list's name of the price that is missing; nil: nothing of the model is taken over.
        public let price: String?
        /// Why.
        public let reason: String

        /// An omission.
        public init(model: String, price: String? = nil, reason: String) {
            self.model = model
            self.price = price
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
