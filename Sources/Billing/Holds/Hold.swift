import Synchronization
import Tenancy

/// One hold: whose it is, how much, and the accounts it counts in.
///
/// Unchecked because `shares`, `book` and `slot` change, but only while the lock of `Books` is taken, and because
/// `place` belongs to one thread at a time: to whoever records the hold, and to the writer once it was handed over.
final class Hold: @unchecked Sendable {
    /// Its place in one account.
    struct Share {
        let account: WindowAccount
        var amount: Money
    }

    /// Where a live hold is on its way; it only moves forward.
    enum Phase: UInt8, AtomicRepresentable {
        /// Counted in memory, not handed to the journal.
        case reserved
        /// Handed to the journal, perhaps on disk already.
        case journalled
        /// Its settlement is with the journal.
        case settling
        /// No longer counted.
        case gone
    }

    /// The hold as listings and the database show it.
    let row: StoredHold
    let phase = Atomic<Phase>(.reserved)

    var shares: [Share] = []
    var book: TenantBook?
    var slot = 0
    /// Its place in the file of holds; nil while it has none.
    var place: HoldFile.Place?

    /// A hold of a live attempt.
    init(_ claim: Ledger.Claim, amount: Money, admittedAt: Timestamp) {
        row = StoredHold(
            id: HoldID(request: claim.requestID.text, attempt: claim.attempt), tenantID: claim.tenant.id,
            keyID: claim.keyID, model: claim.model, pool: claim.pool, backendID: claim.backendID, amount: amount,
            admittedAt: admittedAt, isUncertain: false, priceVersion: claim.price?.id,
            multiplierPPM: claim.multiplierPPM)
    }

    /// A hold that an earlier process left behind.
    init(_ left: StoredHold) {
        row = left
    }

    var id: HoldID { row.id }
    var tenantID: ID<Tenant> { row.tenantID }
    var keyID: ID<APIKey> { row.keyID }
    var model: String { row.model }
    var pool: String { row.pool }
    var amount: Money { row.amount }
    var admittedAt: Timestamp { row.admittedAt }

    var isJournalled: Bool { phase.load(ordering: .sequentiallyConsistent) == .journalled }

    /// Moves from one phase to the next; false when another thread was faster or the hold is elsewhere.
    func advance(from old: Phase, to new: Phase) -> Bool {
        phase.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent).exchanged
    }

    /// Claims the right to settle; false when that was done before or there is nothing to settle.
    func beginSettling() -> Bool {
        advance(from: .journalled, to: .settling) || advance(from: .reserved, to: .settling)
    }
}
