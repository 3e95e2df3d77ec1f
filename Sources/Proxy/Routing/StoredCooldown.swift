public import Tenancy

/// A cooldown that a backend asked for, as it survives the process.
public struct StoredCooldown: Sendable, Equatable {
    /// The backend to be left alone.
    public let backend: ID<BackendDefinition>
    /// Until when.
    public let end: Timestamp

    /// A cooldown from its parts.
    public init(backend: ID<BackendDefinition>, end: Timestamp) {
        self.backend = backend
        self.end = end
    }
}
