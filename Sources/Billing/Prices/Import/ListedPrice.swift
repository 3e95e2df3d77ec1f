/// One price of a price list: of a model, perhaps for a tier or for long inputs only.
public struct ListedPrice: Sendable, Equatable {
    /// A price whose digits went beyond the picodollar.
    public struct Rounding: Sendable, Equatable {
        /// What it is the price of.
        public let meter: Meter
        /// As the list has it.
        public let given: String
        /// Picodollars per unit.
        public let taken: Int64

        /// A rounding.
        public init(meter: Meter, given: String, taken: Int64) {
            self.meter = meter
            self.given = given
            self.taken = taken
        }
    }

    /// The list's name of the model.
    public let model: String
    /// The service tier; nil: the standard one.
    public let tier: String?
    /// It is for calls with more input tokens than this.
    public let aboveTokens: Int64?
    /// The prices.
    public let rates: Rates
    /// Which of them were rounded.
    public let roundings: [Rounding]

    /// A price as read.
    public init(model: String, tier: String?, aboveTokens: Int64?, rates: Rates, roundings: [Rounding] = []) {
        self.model = model
        self.tier = tier
        self.aboveTokens = aboveTokens
        self.rates = rates
        self.roundings = roundings
    }
}
