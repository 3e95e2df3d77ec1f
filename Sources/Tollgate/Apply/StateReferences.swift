/// Checks what one part of a state file says about another.
struct StateReferences {
    let wanted: JSONValue
    let server: ServerState
    /// What the file does not name will be gone.
    let prune: Bool
    let reading: DocumentReading

    func check() {
        checkTwins()
        let pools = names("pools", present: server.pools.keys)
        let models = names("models", present: server.models.keys)
        for (index, model) in wanted["models"].items.enumerated() {
            if model["name"] == .string("*") {
                reading.fail(at: "models[\(index)].name", "must not be *, which stands for all models")
            }
            for (place, target) in model["targets"].items.enumerated() {
                require(target["pool"], among: pools, "pool", at: "models[\(index)].targets[\(place)].pool")
            }
        }
        let tenants = names("tenants", present: server.tenants.keys)
        for (index, price) in wanted["prices"].items.enumerated() {
            require(price["model"], among: models, "model", at: "prices[\(index)].model")
            require(price["tenant"], among: tenants, "tenant", at: "prices[\(index)].tenant")
        }
        for (index, tenant) in wanted["tenants"].items.enumerated() {
            check(tenant, at: "tenants[\(index)]", pools: pools, models: models)
        }
    }

    private func check(_ tenant: JSONValue, at path: String, pools: Set<String>, models: Set<String>) {
        for (index, entitlement) in tenant["entitlements"].items.enumerated() {
            let path = "\(path).entitlements[\(index)]"
            require(entitlement["pool"], among: pools, "pool", at: "\(path).pool")
            for model in entitlement["models"].items where model != .string("*") {
                require(model, among: models, "model", at: "\(path).models")
            }
        }
        for (index, budget) in tenant["budgets"].items.enumerated() {
            let path = "\(path).budgets[\(index)]"
            require(budget["pool"], among: pools, "pool", at: "\(path).pool")
            if budget["model"] == .string("*") {
                reading.fail(at: "\(path).model", "must name one model; leave it out to cap all of them")
            } else {
                require(budget["model"], among: models, "model", at: "\(path).model")
            }
        }
    }

    private func require(_ name: JSONValue, among names: Set<String>, _ kind: String, at path: String) {
        guard let name = name.string, !names.contains(name) else { return }
        let hint = NearestName.of(name, among: Array(names)).map { "; did you mean \($0)?" } ?? ""
        reading.fail(at: path, "names the \(kind) \"\(name)\", which neither this file nor the server has\(hint)")
    }

    /// The names of one kind that exist once everything is applied.
    private func names(_ kind: String, present: some Sequence<String>) -> Set<String> {
        let written = Set(wanted[kind].items.compactMap { $0["name"].string })
        return prune && wanted.members[kind] != nil ? written : written.union(present)
    }

    private func checkTwins() {
        requireDistinct(wanted["pools"].items, at: "pools") { $0["name"].plain }
        for (index, pool) in wanted["pools"].items.enumerated() {
            requireDistinct(pool["backends"].items, at: "pools[\(index)].backends") { $0["name"].plain }
        }
        requireDistinct(wanted["models"].items, at: "models") { $0["name"].plain }
        requireDistinct(wanted["prices"].items, at: "prices") { PriceIdentity($0).description }
        requireDistinct(wanted["tenants"].items, at: "tenants") { $0["name"].plain }
        for (index, tenant) in wanted["tenants"].items.enumerated() {
            requireDistinct(tenant["entitlements"].items, at: "tenants[\(index)].entitlements") { $0["pool"].plain }
            requireDistinct(tenant["budgets"].items, at: "tenants[\(index)].budgets") {
                BudgetIdentity($0).description
            }
        }
    }

    private func requireDistinct(_ items: [JSONValue], at path: String, identity: (JSONValue) -> String) {
        var seen: Set<String> = []
        for (index, item) in items.enumerated() where !seen.insert(identity(item)).inserted {
            reading.fail(at: "\(path)[\(index)]", "is a twin of one above: \(identity(item))")
        }
    }
}
