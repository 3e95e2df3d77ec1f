/// What an import changes in the price of one meter.
public struct PriceChange: Sendable, Equatable {
    /// Tollgate's name of the model.
    public let model: String
    /// The service tier; nil: the standard one.
    public let tier: String?
    /// For calls with more input tokens than this.
    public let aboveTokens: Int64?
    /// What it is the price of.
    public let meter: Meter
    /// Picodollars per unit that such calls pay until then, be it the parent meter's price or that of another tier or
    /// length; nil where the model has no price yet.
    public let old: Int64?
    /// Picodollars per unit from then on.
    public let new: Int64

    /// The change in tenths of a percent, rounded half away from zero; nil where there was no price or one of zero.
    public var perMille: Int64? {
        guard let old, old > 0 else { return nil }
        let difference = (Int128(new) - Int128(old)) * 2000 / Int128(old)
        return Int64(clamping: (difference + (difference < 0 ? -1 : 1)) / 2)
    }

    /// Whether it goes up or down by more than half, or begins to charge what was free: worth a second look.
    public var isJump: Bool {
        guard let old else { return false }
        let (before, after) = (Int128(old), Int128(new))
        return (after - before).magnitude * 2 > before.magnitude
    }
}
