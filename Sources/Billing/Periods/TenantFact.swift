public import Tenancy

/// A tenant as downloads name it.
public struct TenantFact: Codable, Sendable, Equatable {
    /// `ten_…`
    public let id: String
    /// What the operator called it.
    public let name: String
    /// Its own name in the operator's other systems: the tag `external_reference`.
    public let externalReference: String?
    /// Labels for reports.
    public let tags: [String: String]
    /// IANA zone of its days.
    public let timeZone: String
    /// When it was made.
    public let createdAt: Timestamp

    /// A tenant as it is now.
    public init(_ tenant: Tenant) {
        id = tenant.id.text
        name = tenant.name
        externalReference = tenant.tags["external_reference"]
        tags = tenant.tags
        timeZone = tenant.timeZone
        createdAt = tenant.createdAt
    }
}
