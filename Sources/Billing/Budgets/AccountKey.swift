import Tenancy

/// The name of an account in the database: a budget and the start of a window.
struct AccountKey: Hashable, Sendable {
    let budget: ID<Budget>
    let windowStart: Timestamp
}
