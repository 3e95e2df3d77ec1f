import Tenancy

/// Who makes a request, once the credential is proven.
struct AdminCaller: Sendable, Equatable {
    /// As the audit log names it: the admin key's id, or `bootstrap`.
    let actor: String
    let role: AdminRole

    static let bootstrap = AdminCaller(actor: "bootstrap", role: .admin)
}
