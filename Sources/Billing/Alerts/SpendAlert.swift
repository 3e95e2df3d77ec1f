public import Tenancy

/// An amount of a tenant's spend in a calendar month that somebody wants to hear of, and who that is.
public struct SpendAlert: Sendable, Equatable {
    /// `alr_…`
    public let id: ID<SpendAlert>
    /// Whose spend it looks at.
    public let tenantID: ID<Tenant>
    /// The monthly soft budget that counts for it.
    public var budgetID: ID<Budget>
    /// Whether that budget was made for alerts alone, and goes with the last of them.
    public var madeBudget: Bool
    /// The amount, in US dollars.
    public var amount: Money
    /// Mail addresses; they travel in the event, because Tollgate sends no mail itself.
    public var recipients: [String]
    /// What the subject of a mail is to begin with.
    public var subjectPrefix: String?
    /// When it was made.
    public let createdAt: Timestamp

    /// How many one tenant may have.
    public static let countAtMost = 16

    /// An alert; which budget counts for it is known when it is stored.
    public init(
        id: ID<SpendAlert>,
        tenantID: ID<Tenant>,
        budgetID: ID<Budget> = ID(""),
        madeBudget: Bool = false,
        amount: Money,
        recipients: [String],
        subjectPrefix: String?,
        createdAt: Timestamp
    ) {
        self.id = id
        self.tenantID = tenantID
        self.budgetID = budgetID
        self.madeBudget = madeBudget
        self.amount = amount
        self.recipients = recipients
        self.subjectPrefix = subjectPrefix
        self.createdAt = createdAt
    }

    /// The budget as these alerts of it want it; nil when it was made for alerts and there are none left.
    public static func budget(_ budget: Budget, for alerts: [SpendAlert], isMade: Bool) -> Budget? {
        var changed = budget
        changed.alertAmounts = Set(alerts.map(\.amount)).sorted()
        guard isMade else { return changed }
        guard let most = changed.alertAmounts.last else { return nil }
        changed.limit = most
        return changed
    }
}
