import Tenancy

/// One line of the ledger: how an attempt ended, for ever.
struct LedgerEntry: Sendable {
    enum Kind: String, CaseIterable {
        /// An attempt with an answer, or with a cost.
        case settle
        /// An attempt that cost nothing, or an uncertain hold given back.
        case release
        /// What an attempt cost beyond its hold.
        case excess
        /// An uncertain hold that was charged.
        case resolve
        /// A later change to a closed month; the only kind whose amounts may be negative.
        case correction
    }

    var kind: Kind
    let hold: StoredHold
    var endedAt: Timestamp
    var cost: Money
    var listCost = Money.zero
    var upstreamCost: Money?
    /// The version that priced it.
    var priceVersion: String?
    var usage = TokenUsage.zero
    var backendID: String
    var provenance = Provenance.none
    var outcome: AttemptOutcome
    var status = 0
    var stream = false
    var emergency = false
    /// The closed month it belongs to, when it came too late for that one; what it counts in is later.
    var correctsPeriod: BillingPeriod?

    /// Whether reports count it as a request.
    var isRequest: Bool { kind == .settle || kind == .resolve }

    /// The lines of a settled attempt: one, and another for what it cost beyond its hold.
    static func lines(of settlement: Settlement) -> [LedgerEntry] {
        let hold = settlement.reservation.hold.row
        let cost = settlement.cost.line
        let isReleased = cost == .zero && [.notSent, .errorStatus, .unanswered].contains(settlement.outcome)
        var entry = LedgerEntry(
            kind: isReleased ? .release : .settle, hold: hold, endedAt: settlement.endedAt, cost: cost,
            backendID: settlement.backendID.isEmpty ? hold.backendID : settlement.backendID,
            outcome: settlement.outcome
        )
        entry.priceVersion = settlement.priceVersion ?? hold.priceVersion
        entry.listCost = settlement.listCost.line
        entry.upstreamCost = settlement.upstreamCost?.line
        entry.usage = settlement.usage.line
        entry.provenance = settlement.provenance
        entry.status = settlement.status
        entry.stream = settlement.stream
        entry.emergency = settlement.isEmergency
        return entry.splittingExcess()
    }

    /// The lines of an uncertain hold that is charged, or released when `charge` is nil; `correcting` names the closed
    /// month it was admitted in, if that is so.
    static func lines(
        resolving hold: StoredHold,
        charge: Money?,
        at instant: Timestamp,
        correcting month: BillingPeriod? = nil
    ) -> [LedgerEntry] {
        LedgerEntry(
            kind: charge == nil ? .release : .resolve, hold: hold, endedAt: instant, cost: (charge ?? .zero).line,
            // No units say what the list asks: an amount without them is its own list cost, as of corrections.
            listCost: (charge ?? .zero).line, priceVersion: hold.priceVersion, backendID: hold.backendID,
            outcome: .unanswered, correctsPeriod: month
        ).splittingExcess()
    }

    /// The line of an operator's correction. No backend was called for it.
    static func line(of correction: Correction) -> LedgerEntry {
        let hold = StoredHold(
            id: HoldID(request: correction.id.text, attempt: 1), tenantID: correction.tenantID,
            keyID: correction.keyID ?? ID(""), model: correction.model, pool: correction.pool, backendID: "",
            amount: .zero, admittedAt: correction.createdAt, isUncertain: false, priceVersion: nil,
            multiplierPPM: 1_000_000)
        return LedgerEntry(
            kind: .correction, hold: hold, endedAt: correction.createdAt, cost: correction.amount,
            listCost: correction.amount, backendID: "", outcome: .notSent,
            correctsPeriod: correction.correctsPeriod)
    }

    private func splittingExcess() -> [LedgerEntry] {
        guard cost > hold.amount else { return [self] }
        var first = self
        first.cost = hold.amount
        let rest = LedgerEntry(
            kind: .excess, hold: hold, endedAt: endedAt, cost: cost - hold.amount, priceVersion: priceVersion,
            backendID: backendID, provenance: provenance, outcome: outcome, status: status, stream: stream,
            emergency: emergency, correctsPeriod: correctsPeriod
        )
        return [first, rest]
    }
}
