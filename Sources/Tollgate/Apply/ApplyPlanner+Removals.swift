/// Removes what the file does not name, of those kinds it speaks about at all; what uses something goes first.
extension ApplyPlanner {
    mutating func planRemovals() {
        removeBudgets()
        removeTenants()
        removeModels()
        removeBackends()
        removePools()
    }

    private mutating func removeBudgets() {
        for tenant in wanted["tenants"].items where tenant.members["budgets"] != nil {
            let name = tenant["name"].plain
            let named = Set(tenant["budgets"].items.map { BudgetIdentity($0) })
            for budget in budgets(of: name) where !named.contains(BudgetIdentity(budget)) {
                remove(
                    "budget of \(name) (\(BudgetIdentity(budget)))", PathText.join("budgets", budget["id"].plain))
            }
        }
    }

    private mutating func removeTenants() {
        for (name, tenant) in unnamed("tenants", present: server.tenants) {
            remove("tenant \(name)", PathText.join("tenants", tenant["id"].plain))
        }
    }

    private mutating func removeModels() {
        for (name, _) in unnamed("models", present: server.models) {
            remove("model \(name)", PathText.rest(name, of: "models"))
        }
    }

    /// A named pool without `backends` keeps those it has.
    private mutating func removeBackends() {
        var named: [String: Set<String>] = [:]
        for pool in wanted["pools"].items where pool.members["backends"] != nil {
            named[pool["name"].plain] = Set(pool["backends"].items.map { $0["name"].plain })
        }
        for (pool, _) in unnamed("pools", present: server.pools) { named[pool] = [] }
        for (pool, names) in named.sorted(by: { $0.key < $1.key }) {
            for backend in server.backends[pool] ?? [] where !names.contains(backend["name"].plain) {
                remove("backend \(pool)/\(backend["name"].plain)", PathText.join("backends", backend["id"].plain))
            }
        }
    }

    private mutating func removePools() {
        for (name, _) in unnamed("pools", present: server.pools) {
            remove("pool \(name)", PathText.join("pools", name))
        }
    }

    private mutating func remove(_ label: String, _ path: String) {
        plan.add(ApplyChange(action: .remove, label: label), "DELETE", path)
    }

    private func unnamed(_ kind: String, present: [String: JSONValue]) -> [(String, JSONValue)] {
        guard wanted.members[kind] != nil else { return [] }
        let named = Set(wanted[kind].items.map { $0["name"].plain })
        return present.filter { !named.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
