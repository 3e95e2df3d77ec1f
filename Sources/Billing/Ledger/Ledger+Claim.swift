public import Tenancy

extension Ledger {
    /// What one attempt wants to hold before its call goes upstream; an object, because it is kept with what it was
    /// granted.
    public final class Claim: Sendable {
        /// The request the attempt belongs to.
        public let requestID: RequestID
        /// From 1; each further attempt of a request has the next number.
        public let attempt: Int
        /// The tenant that pays, as it was at admission.
        public let tenant: Tenant
        /// The key that was presented.
        public let keyID: ID<APIKey>
        /// Tollgate's name of the model.
        public let model: String
        /// The pool about to be tried.
        public let pool: String
        /// The backend about to be tried, when it is known already.
        public let backendID: String
        /// The upper bound of the cost; capped at `Money.lineMaximum`.
        public let wanted: Money
        /// The least that is worth having; below `wanted` only when the request may be trimmed.
        public let atLeast: Money
        /// The instant that decides windows, period and price.
        public let admittedAt: Timestamp
        /// The price pinned for the request; nil when the model has none.
        public let price: PriceVersion?

        /// A claim that may not be trimmed unless `atLeast` says so.
        public init(
            requestID: RequestID,
            attempt: Int = 1,
            tenant: Tenant,
            keyID: ID<APIKey>,
            model: String,
            pool: String,
            backendID: String = "",
            wanted: Money,
            atLeast: Money? = nil,
            admittedAt: Timestamp,
            price: PriceVersion? = nil
        ) {
            self.requestID = requestID
            self.attempt = attempt
            self.tenant = tenant
            self.keyID = keyID
            self.model = model
            self.pool = pool
            self.backendID = backendID
            self.wanted = wanted
            self.atLeast = atLeast ?? wanted
            self.admittedAt = admittedAt
            self.price = price
        }

        /// Millionths of the price that the tenant pays.
        var multiplierPPM: Int64 {
            let multiplier = tenant.priceMultiplierPPM
            return price?.ppm(multiplier: multiplier) ?? multiplier
        }
    }

    /// The answer to a claim.
    public enum Decision: Sendable {
        /// The money is held.
        case held(Reservation)
        /// It is not, and nothing was taken.
        case short(Shortage)
    }

    /// Why a claim does not fit.
    public struct Shortage: Error, Sendable {
        /// The budget in the way, with its figures.
        public let state: BudgetState
        /// Whether only live holds, or requests queued before, are in the way.
        public let waitingHelps: Bool
    }
}
