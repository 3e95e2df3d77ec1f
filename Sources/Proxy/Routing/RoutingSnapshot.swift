/// All that routing is defined by, read in one transaction.
public struct RoutingSnapshot: Sendable, Equatable {
    /// By name.
    public var pools: [PoolDefinition]
    /// By id, which is the order of creation.
    public var backends: [BackendDefinition]
    /// By name.
    public var models: [ModelDefinition]

    /// A snapshot; empty unless told otherwise.
    public init(
        pools: [PoolDefinition] = [],
        backends: [BackendDefinition] = [],
        models: [ModelDefinition] = []
    ) {
        self.pools = pools
        self.backends = backends
        self.models = models
    }
}
