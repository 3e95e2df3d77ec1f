import Billing
import Proxy
import Tenancy

extension ControlPlane {
    /// Hands committed definitions to the router; called by the writer, so that the last commit wins.
    func install(_ snapshot: RoutingSnapshot) {
        router.install(snapshot, masterKey: masterKey)
    }

    /// How a backend is; nil when the router does not know it.
    func backendStatus(_ id: ID<BackendDefinition>) -> BackendStatus? {
        router.status(of: id)
    }

    /// The names of all backends, by id.
    func backendNames() throws -> [String: String] {
        let backends = try file.read { db in try RoutingStore.snapshot(db).backends }
        return Dictionary(backends.map { ($0.id.text, $0.name) }, uniquingKeysWith: { first, _ in first })
    }

    /// Throws `in_use` if an entitlement or a budget of a tenant that is not archived names the pool; its backends and
    /// targets are the store's to see.
    func requireUnused(pool: String) throws {
        for profile in directory.allTenants() where profile.entitlements.contains(where: { $0.pool == pool }) {
            throw inUse("the pool", by: "the entitlements of tenant \(profile.tenant.id)")
        }
        if let budget = try budgets(where: { $0.pool == pool }) {
            throw inUse("the pool", by: "budget \(budget.id)")
        }
    }

    /// Throws `in_use` if an entitlement, a key or a budget of such a tenant names the model.
    func requireUnused(model: String) throws {
        for profile in directory.allTenants() {
            let id = profile.tenant.id
            if profile.entitlements.contains(where: { $0.models.contains(model) }) {
                throw inUse("the model", by: "the entitlements of tenant \(id)")
            }
            for key in directory.keys(of: id) where key.key.models?.contains(model) == true {
                throw inUse("the model", by: "key \(key.key.id)")
            }
        }
        if let budget = try budgets(where: { $0.model == model }) {
            throw inUse("the model", by: "budget \(budget.id)")
        }
    }

    private func budgets(where isNamed: (Budget) -> Bool) throws -> Budget? {
        try file.read { db in try BillingStore.budgets(db, besidesArchived: true) }.first(where: isNamed)
    }

    private func inUse(_ what: String, by user: String) -> Problem {
        .conflict("in_use", "\(what) is in use by \(user)")
    }
}
