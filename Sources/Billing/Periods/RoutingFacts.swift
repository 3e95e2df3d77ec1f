/// What routing knows of the names that entries have.
public struct RoutingFacts: Sendable, Equatable {
    /// By id.
    public var backends: [String: BackendFact]
    /// By name.
    public var models: [String: ModelFact]

    /// None unless told otherwise.
    public init(backends: [String: BackendFact] = [:], models: [String: ModelFact] = [:]) {
        self.backends = backends
        self.models = models
    }
}
