import Synchronization
import Tenancy

/// One hold: whose it is, how much, and the accounts it counts in.
///
/// Unchecked because `shares`, `book` and `slot` change, but only while the lock of `Books` is taken, and because `row`
/// and `place` belong to one thread at a time: to whoever records the hold, and to the writer once it was handed over.
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

    private enum Name {
        case live(RequestID, Int)
        case stored(HoldID)
    }

    private let name: Name
    let tenantID: ID<Tenant>
    let keyID: ID<APIKey>
    let model: String
    let pool: String
    let backendID: String
    let amount: Money
    let admittedAt: Timestamp
    let priceVersion: String?
    let multiplierPPM: Int64
    let isUncertain: Bool
    let phase = Atomic<Phase>(.reserved)

    var shares: [Share] = []
    var book: TenantBook?
    var slot = 0
    /// Its place in the file of holds; nil while it has none.
    var place: HoldFile.Place?

    /// A hold of a live attempt.
    init(_ claim: Ledger.Claim, amount: Money, admittedAt: Timestamp) {
        name = .live(claim.requestID, claim.attempt)
        tenantID = claim.tenant.id
        keyID = claim.keyID
        model = claim.model
        pool = claim.pool
        backendID = claim.backendID
        self.amount = amount
        self.admittedAt = admittedAt
        priceVersion = claim.price?.id
        multiplierPPM = claim.multiplierPPM
        isUncertain = false
    }

    /// A hold that an earlier process left behind.
    init(_ stored: StoredHold) {
        name = .stored(stored.id)
        tenantID = stored.tenantID
        keyID = stored.keyID
        model = stored.model
        pool = stored.pool
        backendID = stored.backendID
        amount = stored.amount
        admittedAt = stored.admittedAt
        priceVersion = stored.priceVersion
        multiplierPPM = stored.multiplierPPM
        isUncertain = true
    }

    var id: HoldID {
        switch name {
        case .live(let request, let attempt): HoldID(request: request.text, attempt: attempt)
        case .stored(let id): id
        }
    }

    /// The hold as listings and the database show it.
    var stored: StoredHold {
        StoredHold(
            id: id, tenantID: tenantID, keyID: keyID, model: model, pool: pool, backendID: backendID, amount: amount,
            admittedAt: admittedAt, isUncertain: isUncertain, priceVersion: priceVersion, multiplierPPM: multiplierPPM
        )
    }

    /// The same, made once: it is needed when the hold is stored and again when it ends.
    private(set) lazy var row = stored

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
