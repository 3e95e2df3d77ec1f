/// What entries that were priced alike used of one meter, and what that cost.
struct MeterShare: Equatable {
    /// nil: the cost that no count explains, such as of a charged hold.
    let meter: Meter?
    /// Requests that counted something.
    let requests: Int64
    let units: Int64
    let cost: Money

    var isNothing: Bool { requests == 0 && units == 0 && cost == .zero }

    /// The shares of a sum of entries, and what is left of its cost. `counted` says how many entries count a meter.
    static func shares(
        of usage: TokenUsage, counted: (Meter) -> Int64, costing cost: Money, at rates: Rates?
    ) -> [MeterShare] {
        var rest = cost
        var shares: [MeterShare] = []
        for meter in Meter.allCases where usage[meter] != 0 {
            let share = Money(pico: Int128(usage[meter]) * Int128(rates?[meter] ?? 0))
            rest -= share
            shares.append(MeterShare(meter: meter, requests: counted(meter), units: usage[meter], cost: share))
        }
        return shares + [MeterShare(meter: nil, requests: 0, units: 0, cost: rest)]
    }
}
