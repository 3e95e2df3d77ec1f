/// Who pays a price.
public enum PriceKind: String, CaseIterable, Sendable {
    /// What tenants are charged.
    case tenant
    /// What the backend's provider charges us.
    case upstream
}
