/// One place a model is served from.
public struct ModelTarget: Sendable, Equatable {
    /// The pool tried.
    public var pool: String
    /// The model's name there; nil: the same.
    public var upstreamModel: String?
    /// The field that carries the output bound.
    public var maxTokensParam: MaxTokensParam

    /// A target with the contract's defaults.
    public init(pool: String, upstreamModel: String? = nil, maxTokensParam: MaxTokensParam = .maxTokens) {
        self.pool = pool
        self.upstreamModel = upstreamModel
        self.maxTokensParam = maxTokensParam
    }
}
