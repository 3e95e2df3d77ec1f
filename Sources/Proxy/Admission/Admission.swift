import Billing
import Tenancy

/// All that one request took on its way in, and the one place that gives it back; confined to its event loop.
final class Admission {
    /// A target the principal is entitled to, in the model's order.
    struct Target {
        let pool: String
        let upstreamModel: String
        let maxTokensParameter: MaxTokensParam
    }

    let principal: Principal
    let ask: Ask
    let requestID: RequestID
    let admittedAt: Timestamp
    let targets: [Target]
    /// Every price that may apply; nil when the model has none for this route.
    let sheet: PriceSheet?
    let quota: QuotaLease
    /// The bound, lowered when a trim was needed.
    private(set) var estimate: CostEstimate
    /// The money held for the attempt at hand.
    private(set) var reservation: Reservation?
    /// The attempt at hand, from 1.
    private(set) var attempt = 1
    private let untrimmed: CostEstimate
    private var finished = false

    init(
        principal: Principal, ask: Ask, requestID: RequestID, admittedAt: Timestamp, targets: [Target],
        sheet: PriceSheet?, estimate: CostEstimate, quota: QuotaLease
    ) {
        self.principal = principal
        self.ask = ask
        self.requestID = requestID
        self.admittedAt = admittedAt
        self.targets = targets
        self.sheet = sheet
        self.estimate = estimate
        self.untrimmed = estimate
        self.quota = quota
    }

    /// Millionths of the sheet's prices that this tenant pays.
    var multiplierPPM: Int64 {
        let multiplier = principal.tenant.tenant.priceMultiplierPPM
        return sheet?.standard.ppm(multiplier: multiplier) ?? multiplier
    }

    /// What the ledger is asked to hold for an attempt at `target`.
    func claim(_ target: Target, attempt: Int, backend: Backend? = nil) -> Ledger.Claim {
        let tenant = principal.tenant.tenant
        let wanted = sheet.map { untrimmed.cost($0, ppm: multiplierPPM) } ?? .zero
        var atLeast = wanted
        if let sheet, tenant.onInsufficient == .trim {
            atLeast = untrimmed.floorCost(sheet, floor: tenant.trimFloor, ppm: multiplierPPM)
        }
        return Ledger.Claim(
            requestID: requestID, attempt: attempt, tenant: tenant, keyID: principal.key.key.id,
            model: ask.model, pool: target.pool, backendID: backend?.definition.id.text ?? "", wanted: wanted,
            atLeast: atLeast, admittedAt: admittedAt, price: sheet?.standard)
    }

    /// Takes over the money granted for the attempt at hand and fits the output bound to it.
    func take(_ granted: Reservation) {
        reservation = granted
        attempt = granted.claim.attempt
        estimate = untrimmed
        if let sheet, granted.amount < granted.claim.wanted {
            estimate.trim(to: granted.amount, sheet: sheet, ppm: multiplierPPM)
        }
    }

    /// Hands the reservation to whoever settles or abandons it.
    func giveUpReservation() -> Reservation? {
        defer { reservation = nil }
        return reservation
    }

    /// True the first time only: every exit path asks, one of them acts.
    func finishOnce() -> Bool {
        defer { finished = true }
        return !finished
    }
}
