public import Tenancy

/// An amount of all tenants' spend in a UTC calendar month that somebody wants to hear of, and who that is.
public struct OrganizationAlert: Sendable, Equatable {
    /// `alo_…`
    public let id: ID<OrganizationAlert>
    /// The amount, in US dollars.
    public let amount: Money
    /// Mail addresses; they travel in the event, because Tollgate sends no mail itself.
    public let recipients: [String]
    /// What the subject of a mail is to begin with.
    public let subjectPrefix: String?
    /// When it was made.
    public let createdAt: Timestamp

    /// How many there may be.
    public static let countAtMost = 16

    /// An alert; nothing is judged until it is stored.
    public init(
        id: ID<OrganizationAlert>, amount: Money, recipients: [String], subjectPrefix: String?, createdAt: Timestamp
    ) {
        self.id = id
        self.amount = amount
        self.recipients = recipients
        self.subjectPrefix = subjectPrefix
        self.createdAt = createdAt
    }
}
