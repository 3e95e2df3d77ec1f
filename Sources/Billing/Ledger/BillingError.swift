/// Why a budget or a price cannot be stored.
public enum BillingError: Error, Sendable, Equatable {
    /// Nothing has this id.
    case notFound
    /// A budget with the same scopes, window and mode exists.
    case twin
    /// A price for the same thing and instant exists with other numbers.
    case conflict
    /// The tenant or key does not exist.
    case unknownScope
    /// The tenant of a budget does not exist.
    case unknownTenant(String)
    /// A tenant's time zone is not an IANA name this machine knows.
    case unknownZone(String)
    /// An amount does not fit one ledger line.
    case outOfRange
    /// A stored row does not say what one must say; names its table, and the row where one alone stops others.
    case damaged(String)
}
