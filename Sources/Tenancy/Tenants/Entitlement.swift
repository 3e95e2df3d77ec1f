/// Permission of a tenant to use a pool and some of its models.
public struct Entitlement: Sendable, Equatable {
    /// The pool's name.
    public var pool: String
    /// Models allowed there; `*` allows every one.
    public var models: [String]

    /// Permission for the named models, by default all.
    public init(pool: String, models: [String] = ["*"]) {
        self.pool = pool
        self.models = models
    }

    /// Whether the model is among those allowed.
    public func covers(model: String) -> Bool {
        models.contains { $0 == model || $0 == "*" }
    }
}
