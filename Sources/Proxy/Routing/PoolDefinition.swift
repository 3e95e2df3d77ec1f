/// A pool as the operator set it: interchangeable backends with one purpose.
public struct PoolDefinition: Sendable, Equatable {
    /// Its unique name, which never changes.
    public let name: String
    /// How it picks a backend.
    public var policy: PoolPolicy
    /// Requests that may wait for a free backend.
    public var queueMax: Int
    /// Milliseconds one request may wait.
    public var queueTimeoutMS: Int64
    /// One of `none`, `key`, `prompt_cache_key`.
    public var affinity: String

    /// A pool with the contract's defaults.
    public init(
        name: String,
        policy: PoolPolicy = .leastBusy,
        queueMax: Int = 500,
        queueTimeoutMS: Int64 = 10_000,
        affinity: String = "none"
    ) {
        self.name = name
        self.policy = policy
        self.queueMax = queueMax
        self.queueTimeoutMS = queueTimeoutMS
        self.affinity = affinity
    }
}
