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

    /// Whether a request's last attempt ended as asked; all else is judged where the entries are read.
    func suits(_ last: RequestRecord.Attempt?) -> Bool {
        switch ending {
        case nil: true
        case .status(let status): last?.status == status
        case .outcome(let outcome): last?.outcome == outcome.rawValue
        }
    }
}
