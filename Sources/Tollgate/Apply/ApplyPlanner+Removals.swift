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

    /// Backends whose name another pool is to have: they go first, because a name is given once over all pools.
    mutating func removeMoved() throws {
        let wanted = Dictionary(
            wanted["pools"].items.flatMap { $0["backends"].items }.map { ($0["name"].plain, $0) }
        ) { first, _ in first }
        for (pool, backend) in unnamedBackends {
            guard let moved = wanted[backend["name"].plain] else { continue }
            if backend["has_api_key"] == .bool(true), moved.members["api_key"] == nil {
                throw CommandFailure(
                    .failed,
                    "backend \(pool)/\(backend["name"].plain) moves to another pool, so the file must give its api_key "
                        + "anew (null to have none)")
            }
            remove(backend, of: pool)
        }
    }

    private mutating func removeBackends() {
        let moved = wanted["pools"].items.reduce(into: Set<String>()) {
            $0.formUnion(Self.names($1["backends"].items))
        }
        for (pool, backend) in unnamedBackends where !moved.contains(backend["name"].plain) {
            remove(backend, of: pool)
        }
    }

    private mutating func remove(_ backend: JSONValue, of pool: String) {
        remove("backend \(pool)/\(backend["name"].plain)", PathText.join("backends", backend["id"].plain))
    }

    /// Those their pool is not to have. A named pool without `backends` keeps those it has.
    private var unnamedBackends: [(pool: String, backend: JSONValue)] {
        var named: [String: Set<String>] = [:]
        for pool in wanted["pools"].items where pool.members["backends"] != nil {
            named[pool["name"].plain] = Self.names(pool["backends"].items)
        }
        for (pool, _) in unnamed("pools", present: server.pools) { named[pool] = [] }
        return named.sorted { $0.key < $1.key }.flatMap { pool, names in
            (server.backends[pool] ?? []).filter { !names.contains($0["name"].plain) }.map { (pool, $0) }
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
