import Tenancy

/// Who may call a route. No role may unless it is named here, but admin, which may call everything.
struct RouteAccess: Sendable, Equatable {
    /// How much of a route's resource a role reaches.
    enum Grant: Sendable, Equatable {
        case none
        /// Only what the caller itself did.
        case own
        case all
    }

    /// Needs no credential at all.
    private(set) var isOpen = false
    private var finance = Grant.none
    private var viewer = Grant.none

    /// Without a credential.
    static let anyone = RouteAccess(isOpen: true)
    static let admins = RouteAccess()
    static let finance = RouteAccess(finance: .all)
    static let viewers = RouteAccess(viewer: .all)
    /// With any credential that is good.
    static let financeAndViewers = RouteAccess(finance: .all, viewer: .all)
    /// Finance sees what it did itself.
    static let financeOwn = RouteAccess(finance: .own)

    func grant(_ role: AdminRole) -> Grant {
        switch role {
        case .admin: .all
        case .finance: finance
        case .viewer: viewer
        }
    }
}
