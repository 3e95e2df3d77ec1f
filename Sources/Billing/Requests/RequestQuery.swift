public import Tenancy

/// Which requests are asked for; nil is any.
public struct RequestQuery: Sendable {
    /// How the last attempt ended: by the backend's HTTP status or by the outcome's word.
    public enum Ending: Sendable {
        /// The backend's HTTP status.
        case status(Int)
        /// How it ended, in one word.
        case outcome(AttemptOutcome)
    }

    /// Only this tenant's.
    public var tenantID: String?
    /// Only this key's.
    public var keyID: String?
    /// Only for this model.
    public var model: String?
    /// Only with an attempt in this pool.
    public var pool: String?
    /// Only with an attempt at this backend.
    public var backendID: String?
    /// Only those that ended so.
    public var ending: Ending?
    /// Admitted at this instant or later.
    public var start: Timestamp?
    /// Admitted before this instant.
    public var end: Timestamp?
    /// Requests at most in one page.
    public var limit = 100
    /// The id of the request that the page before ended at.
    public var after: String?

    /// A query for every request.
    public init() {}

    /// What all entries of a request share.
    func names(tenantID: String, keyID: String, model: String, admittedAt: Timestamp) -> Bool {
        (self.tenantID ?? tenantID) == tenantID && (self.keyID ?? keyID) == keyID && (self.model ?? model) == model
            && (start.map { $0 <= admittedAt } ?? true) && (end.map { admittedAt < $0 } ?? true)
    }

    /// What only its attempts tell.
    func suits(_ attempts: [RequestRecord.Attempt]) -> Bool {
        if let pool, !attempts.contains(where: { $0.pool == pool }) { return false }
        if let backendID, !attempts.contains(where: { $0.backendID == backendID }) { return false }
        switch ending {
        case nil: return true
        case .status(let status): return attempts.last?.status == status
        case .outcome(let outcome): return attempts.last?.outcome == outcome.rawValue
        }
    }
}
