import Tenancy

/// What routing knows of the names that entries have.
public struct RoutingFacts: Sendable, Equatable {
    /// By id.
    public var backends: [String: BackendFact]
    /// By name.
    public var models: [String: ModelFact]

    /// What models were called over time, as far back as it is known.
    public var upstreamNames: [UpstreamName]

    /// None unless told otherwise.
    public init(
        backends: [String: BackendFact] = [:], models: [String: ModelFact] = [:], upstreamNames: [UpstreamName] = []
    ) {
        self.backends = backends
        self.models = models
        self.upstreamNames = upstreamNames
    }

    /// What the pool's backends called a model at an instant; before anything is known of it, what they do now.
    func upstreamName(of model: String, pool: String, at instant: Timestamp) -> String {
        let past = upstreamNames.filter { $0.model == model && $0.pool == pool && $0.since <= instant }
        return past.max { $0.since < $1.since }?.name ?? models[model]?.upstreamModels[pool] ?? model
    }
}
