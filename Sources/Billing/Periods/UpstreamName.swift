public import Tenancy

/// What a pool's backends call a model from an instant on.
public struct UpstreamName: Sendable, Equatable {
    /// Tollgate's name.
    public let model: String
    /// The pool.
    public let pool: String
    /// Calls admitted from here on have it, until the next one.
    public let since: Timestamp
    /// The provider's name.
    public let name: String

    /// A name as stored.
    public init(model: String, pool: String, since: Timestamp, name: String) {
        self.model = model
        self.pool = pool
        self.since = since
        self.name = name
    }
}
