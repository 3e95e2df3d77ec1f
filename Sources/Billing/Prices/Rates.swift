/// Prices in picodollars per unit.
///
/// A token meter without a price of its own has its parent's, so a token is never free by omission: either both sides
/// have a price, or none has one and only units are charged. A unit meter without a price is not charged.
public struct Rates: Sendable, Equatable {
    /// The price of each meter, with those of parents filled in.
    private let prices: PerMeter
    /// The meters with a price of their own, one bit each at `Meter.index`.
    private let given: UInt16

    private static let one: Int128 = 1_000_000

    /// Prices in picodollars per token, those of other meters per unit; negative ones count as zero.
    public init(input: Int64, output: Int64, others: [Meter: Int64] = [:]) {
        self.init(own: others.merging([.input: input, .output: output]) { _, named in named })
    }

    /// Prices of units alone, in picodollars each: tokens are counted, but not what this model is charged by.
    public init(units: [Meter: Int64]) {
        self.init(own: units.filter { !$0.key.isToken })
    }

    private init(own: [Meter: Int64]) {
        var prices = PerMeter.zero
        var given: UInt16 = 0
        for (meter, price) in own {
            prices[meter] = max(price, 0)
            given |= 1 << meter.index
        }
        for meter in Meter.allTokens where own[meter] == nil {
            if let parent = meter.parent { prices[meter] = prices[parent] }
        }
        self.prices = prices
        self.given = given
    }

    private init(prices: PerMeter, given: UInt16) {
        self.prices = prices
        self.given = given
    }

    /// The price that applies to a meter; 0 for one that is not charged.
    public subscript(meter: Meter) -> Int64 { prices[meter] }

    /// The price given for the meter itself.
    public func own(_ meter: Meter) -> Int64? {
        given & (1 << meter.index) == 0 ? nil : prices[meter]
    }

    /// Whether a call is charged by this meter: always for tokens that have prices, else if it has one of its own.
    public func charges(_ meter: Meter) -> Bool {
        own(meter.isToken ? .input : meter) != nil
    }

    /// Each price times `ppm` millionths, rounded half to even once; saturates at the largest 64-bit price.
    public func scaled(ppm: Int64) -> Rates {
        if ppm == 1_000_000 { return self }
        var scaled = prices
        // Most meters have their parent's price, so the one before is often the same.
        var latest: (price: Int64, scaled: Int64) = (0, 0)
        for place in scaled.lanes.indices {
            if scaled.lanes[place] != latest.price {
                latest = (scaled.lanes[place], Self.scale(scaled.lanes[place], ppm))
            }
            scaled.lanes[place] = latest.scaled
        }
        return Rates(prices: scaled, given: given)
    }

    /// The highest price an input token can have.
    public var dearestInput: Int64 { dearest(Meter.inputs) }

    /// The highest price an output token can have.
    public var dearestOutput: Int64 { dearest(Meter.outputs) }

    private func dearest(_ places: Range<Int>) -> Int64 {
        var dearest: Int64 = 0
        for place in places { dearest = max(dearest, prices.lanes[place]) }
        return dearest
    }

    private static func scale(_ rate: Int64, _ ppm: Int64) -> Int64 {
        let product = Int128(rate) * Int128(max(ppm, 0))
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: one)
        let twice = remainder * 2
        let up = twice > one || (twice == one && quotient % 2 != 0)
        return Int64(clamping: up ? quotient + 1 : quotient)
    }
}
