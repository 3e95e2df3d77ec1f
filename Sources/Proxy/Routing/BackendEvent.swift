public import Tenancy

/// A backend went down or came up, by its probes or by real calls.
public struct BackendEvent: Sendable, Equatable {
    /// The direction.
    public enum Kind: String, Sendable {
        case down
        case up
    }

    /// The direction.
    public let kind: Kind
    /// `be_…`.
    public let backend: ID<BackendDefinition>
    /// The backend's unique name.
    public let name: String
    /// The pool it serves.
    public let pool: String
    /// A word for why: a cooldown's reason, `probe`, `answered`, `changed` by the operator, or `sealed` when its
    /// credential does not open.
    public let reason: String
    /// When.
    public let at: Timestamp
    /// The end of the cooldown that began; nil when none did.
    public var cooldownEnd: Timestamp?
    /// It was down already, and cools again.
    public var isRepeat = false

    /// The backend itself asked to be left alone, so the next process must know of it too.
    public var asksForCooldown = false
}

extension BackendEvent {
    init(_ kind: Kind, _ definition: BackendDefinition, reason: String, at instant: Timestamp) {
        self.kind = kind
        backend = definition.id
        name = definition.name
        pool = definition.pool
        self.reason = reason
        at = instant
    }
}
