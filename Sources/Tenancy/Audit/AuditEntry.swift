/// Who changed what, and when; written in the transaction of the change.
public struct AuditEntry: Sendable, Equatable {
    /// `aud_…`
    public var id: ID<AuditEntry>
    /// When the change was made.
    public var at: Timestamp
    /// The admin key, or `bootstrap`.
    public var actor: String
    /// What was done, e.g. `tenant.create`.
    public var action: String
    /// The id of what it was done to.
    public var subject: String
    /// The resource as JSON before the change, without secrets.
    public var before: String?
    /// The resource as JSON after the change, without secrets.
    public var after: String?
    /// The request that asked for it.
    public var requestID: String

    /// Whether something differs, to the byte: an update that sets what is there already is no change. Strings that
    /// `==` holds for equal may be written with other code points, and then that is what is stored.
    public var isChange: Bool {
        guard let before, let after else { return true }
        return !before.utf8.elementsEqual(after.utf8)
    }

    /// An entry to be written.
    public init(
        id: ID<AuditEntry>,
        at: Timestamp,
        actor: String,
        action: String,
        subject: String,
        before: String? = nil,
        after: String? = nil,
        requestID: String
    ) {
        self.id = id
        self.at = at
        self.actor = actor
        self.action = action
        self.subject = subject
        self.before = before
        self.after = after
        self.requestID = requestID
    }
}
