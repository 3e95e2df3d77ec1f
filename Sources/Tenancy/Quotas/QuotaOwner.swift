/// The tenant or key whose requests and tokens are counted.
public enum QuotaOwner: Hashable, Sendable {
    /// All keys of the tenant together.
    case tenant(ID<Tenant>)
    /// One key.
    case key(ID<APIKey>)
}
