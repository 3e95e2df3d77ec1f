public import Tenancy

/// Money held for one attempt until it is settled or given back.
public final class Reservation: Sendable {
    /// What was asked for.
    public let claim: Ledger.Claim
    let hold: Hold

    init(claim: Ledger.Claim, hold: Hold) {
        self.claim = claim
        self.hold = hold
    }

    /// What is held: as wanted, or less after a trim.
    public var amount: Money { hold.amount }

    /// The instant the hold counts at; later than the claim's when it waited or its windows were over already.
    public var admittedAt: Timestamp { hold.admittedAt }
}
