import Tenancy

/// One line of a month: a day of one tenant, pool, model, meter and price; or a credit.
struct ExportRow: Sendable, Equatable {
    enum Kind: String, Sendable {
        /// Units times a price.
        case usage
        /// A cost that no count explains: a hold that was charged, a correction.
        case adjustment
        /// What a tenant paid ahead.
        case purchase
        /// What a tenant was granted.
        case credit
    }

    var kind: Kind
    /// The first instant of the UTC day.
    var day: Timestamp
    var tenantID: String
    /// Where keys are told apart.
    var keyID: String?
    var pool = ""
    var model = ""
    /// In the operator's view.
    var backendID: String?
    var meter: Meter?
    var priceVersion: String?
    /// The list's version in force, where `priceVersion` was agreed with the tenant; nil: `priceVersion` is the list's.
    var listVersion: String?
    /// The tenant's multiplier of the version's prices, in millionths.
    var multiplierPPM: Int64 = 1_000_000
    /// The closed month it corrects.
    var correctsPeriod: String?
    /// The correction it is, of those that were made by hand.
    var correctionID: String?
    var units: Int64 = 0
    /// Of the units, those that nobody reported.
    var estimatedUnits: Int64 = 0
    /// Each request is in one row only, so that a column's sum is their number.
    var requests: Int64 = 0
    var listUnitPrice = Money.zero
    var unitPrice = Money.zero
    var listCost = Money.zero
    /// As the ledger has it.
    var cost = Money.zero
    /// What providers charge for it; nil: unknown for all of it.
    var upstreamCost: Money?
    /// Requests whose upstream cost is not known, and not in the one told.
    var unpriced: Int64 = 0
    /// What the tenant pays for it: the cost less what was paid ahead; the amount of a credit.
    var billed = Money.zero
    /// The credit it stands for.
    var creditID: String?

    /// The units with their name, and what they cost at list and at the tenant's price.
    mutating func price(_ list: Int64, _ own: Int64) {
        listUnitPrice = Money(pico: Int128(list))
        unitPrice = Money(pico: Int128(own))
        listCost = Money(pico: Int128(units) * Int128(list))
        cost = Money(pico: Int128(units) * Int128(own))
    }
}
