import Tenancy

/// Where one request may go.
struct RoutingAsk: Sendable {
    /// A pool, and the place of its target in the model's order.
    struct Target: Sendable {
        let index: Int
        let pool: String
    }

    /// Whose turn in a queue it takes.
    let tenant: ID<Tenant>
    /// The API its backend must speak.
    let kind: BackendKind
    /// In the model's order.
    var targets: [Target]
    /// Backends that failed it already.
    var tried: Set<Backend.Identity> = []
    /// For pools with affinity to the key.
    var key = ""
    /// For pools with affinity to the body's `prompt_cache_key`; nil without one.
    var promptHash: UInt64?

    /// What ties it to a backend of a pool with this affinity.
    func affinityKey(_ affinity: PoolAffinity) -> UInt64? {
        switch affinity {
        case .none: nil
        case .key: Affinity.hash(key)
        case .promptCacheKey: promptHash
        }
    }
}
