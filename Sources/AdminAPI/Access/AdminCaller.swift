import Tenancy

/// Who makes a request, once the credential is proven.
///
/// It is proven when the request's head comes. A body takes its time, a hash or a turn too: by then the credential may
/// have ended, so that it is judged again, by what this process knows before anything is done and by the database in
/// the transaction of every change.
struct AdminCaller: Sendable, Equatable {
    /// As the audit log names it: the admin key's id, or `bootstrap`.
    let actor: String
    let role: AdminRole

    static let bootstrap = AdminCaller(actor: "bootstrap", role: .admin)

    /// Whether the credential still stands, as this process knows.
    func stands(at now: Timestamp, in keys: AdminKeyDirectory) -> Bool {
        self == .bootstrap ? !keys.hasAdmin(at: now) : isProven(by: keys.key(ID(actor)), at: now)
    }

    /// The same as the transaction has it.
    func stands(at now: Timestamp, in db: TenancyStore.Transaction) throws -> Bool {
        guard self != .bootstrap else { return try !TenancyStore.hasAdmin(db, at: now) }
        return isProven(by: try TenancyStore.adminKey(db, ID(actor)), at: now)
    }

    private func isProven(by key: AdminKey?, at now: Timestamp) -> Bool {
        guard let key else { return false }
        return key.role == role && key.isUsable(at: now)
    }
}
