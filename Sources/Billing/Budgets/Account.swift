/// The figures of one budget in one window, and the rules that move them; knows nothing of locks or storage.
struct Account: Sendable, Equatable {
    /// What may be spent.
    var cap: Money
    /// Held by live calls.
    var held = Money.zero
    /// Spent.
    var posted = Money.zero
    /// Held by calls that a crash cut off.
    var uncertain = Money.zero

    /// What could be held if every live hold were released.
    var ceiling: Money { cap - posted - uncertain }

    /// What can be held now.
    var headroom: Money { ceiling - held }

    mutating func hold(_ amount: Money) { held += amount }

    mutating func release(_ amount: Money) { held -= amount }

    /// Replaces a live hold by what was spent.
    mutating func settle(holding amount: Money, cost: Money) {
        held -= amount
        posted += cost
    }

    mutating func holdUncertain(_ amount: Money) { uncertain += amount }

    /// Replaces an uncertain hold by what it is charged, if anything.
    mutating func resolve(holding amount: Money, charge: Money) {
        uncertain -= amount
        posted += charge
    }
}
