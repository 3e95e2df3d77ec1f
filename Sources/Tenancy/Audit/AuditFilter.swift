/// Which audit entries are asked for; nil is any.
public struct AuditFilter: Sendable, Equatable {
    /// The admin key, or `bootstrap`.
    public var actor: String?
    /// What was done, e.g. `tenant.create`.
    public var action: String?
    /// The id of what it was done to.
    public var subject: String?
    /// The request that asked for it.
    public var requestID: String?
    /// Made at this instant or later.
    public var start: Timestamp?
    /// Made before this instant.
    public var end: Timestamp?

    /// Any of these actions.
    public var actions: [String]?
    /// Any action but these, unless `actions` names it.
    public var besides: [String]?
    /// Any of these actors.
    public var actors: [String]?
    /// Done to any of these.
    public var subjects: [String]?
    /// Done to these tenants or to something of theirs.
    public var tenants: [String]?

    /// All entries.
    public init() {}
}
