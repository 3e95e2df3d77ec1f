import Proxy

/// Compares a state file with the server: routing first, then prices, tenants and what was agreed with them, removals
/// last.
struct ApplyPlanner {
    let wanted: JSONValue
    let server: ServerState
    let options: ApplyOptions
    var plan = ApplyPlan()

    /// The plan; throws `CommandFailure` if a published price or a hidden credential stands in the way.
    static func plan(_ wanted: JSONValue, server: ServerState, options: ApplyOptions) throws -> ApplyPlan {
        var planner = ApplyPlanner(wanted: wanted, server: server, options: options)
        try planner.planPools()
        planner.planModels()
        try planner.planPrices(areAgreed: false)
        planner.planTenants()
        try planner.planPrices(areAgreed: true)
        if options.prune { planner.planRemovals() }
        return planner.plan
    }

    private mutating func planPools() throws {
        for (index, pool) in wanted["pools"].items.enumerated() {
            let name = pool["name"].plain
            plan.bring(
                "pool \(name)", to: pool.without("backends"), from: server.pools[name], fields: Field.pool,
                create: ("POST", "/pools"), update: ("PATCH", PathText.join("pools", name)), place: "pools[\(index)]")
        }
        if options.prune { try removeMoved() }
        for (index, pool) in wanted["pools"].items.enumerated() {
            for (number, backend) in pool["backends"].items.enumerated() {
                try planBackend(backend, pool: pool["name"].plain, place: "pools[\(index)].backends[\(number)]")
            }
        }
    }

    /// The server never tells a backend's credential, so it is sent only where it must be missing or stale.
    private mutating func planBackend(_ backend: JSONValue, pool: String, place: String) throws {
        let name = backend["name"].plain
        let label = "backend \(pool)/\(name)"
        guard let present = server.backends[pool]?.first(where: { $0["name"].plain == name }) else {
            if !options.prune, let holder = server.backends.first(where: { Self.names($0.value).contains(name) }) {
                throw CommandFailure(
                    .conflict,
                    "\(label): the pool \(holder.key) has one of that name; move it with --prune, or name one anew"
                )
            }
            let details = ApplyDetail.list(of: backend.without("name"), fields: Field.backend)
            let change = ApplyChange(action: .create, label: label, details: details)
            plan.add(change, "POST", PathText.join("pools", pool, "backends"), backend, place: place)
            return
        }
        let differing = FieldKind.differences(
            backend.without("api_key"), present, fields: Field.backend)
        let moved = differing.contains { $0.name == "base_url" } && Self.origin(backend) != Self.origin(present)
        let hasKey = present["has_api_key"] == .bool(true)
        if moved, hasKey, backend.members["api_key"] == nil {
            throw CommandFailure(
                .failed,
                "\(label) moves to another host, so the file must give its api_key anew (null to have none)")
        }
        var body = backend.members.filter { name, _ in differing.contains { $0.name == name } }
        var changes = ApplyDetail.list(from: present, to: backend.without("api_key"), fields: Field.backend)
        if let key = credential(backend.members["api_key"], has: hasKey, moved: moved) {
            body["api_key"] = key
            if key != .null || hasKey {
                let (old, new) = (hasKey ? "(stored)" : nil, key == .null ? nil : "(given)")
                changes.append(ApplyDetail(field: "api_key", old: old, new: new, isChange: true))
            }
        } else if backend["api_key"] != .null {
            plan.leaveKey()
        }
        guard !changes.isEmpty else {
            plan.keep()
            return
        }
        let path = PathText.join("backends", present["id"].plain)
        let change = ApplyChange(action: .change, label: label, details: changes)
        plan.add(change, "PATCH", path, .object(body), place: place)
    }

    static func names(_ backends: [JSONValue]) -> Set<String> {
        Set(backends.map { $0["name"].plain })
    }

    private static func origin(_ backend: JSONValue) -> String? {
        backend["base_url"].string.flatMap { BackendAddress($0)?.origin }
    }

    /// What to send as `api_key`; nil to leave it alone. A backend that moves needs its credential said anew.
    private func credential(_ given: JSONValue?, has: Bool, moved: Bool) -> JSONValue? {
        switch given {
        case .string(let key): !has || moved || options.rotateBackendKeys ? .string(key) : nil
        case .null: has || moved ? .null : nil
        default: moved && !has ? .null : nil
        }
    }

    /// Models are put whole: what the file leaves out keeps the server's value.
    private mutating func planModels() {
        for (index, model) in wanted["models"].items.enumerated() {
            let name = model["name"].plain
            let path = PathText.rest(name, of: "models")
            let place = "models[\(index)]"
            guard let present = server.models[name] else {
                let details = ApplyDetail.list(of: model.without("name"), fields: Field.model)
                let change = ApplyChange(action: .create, label: "model \(name)", details: details)
                plan.add(change, "PUT", path, model.without("name"), place: place)
                continue
            }
            let differing = FieldKind.differences(model, present, fields: Field.model)
            guard !differing.isEmpty else {
                plan.keep()
                continue
            }
            let settable = present.members.filter { name, _ in Field.model.contains { $0.name == name } }
            let whole = JSONValue.object(settable.merging(model.members) { _, new in new })
            let details = ApplyDetail.list(from: present, to: model, fields: Field.model)
            let change = ApplyChange(action: .change, label: "model \(name)", details: details)
            plan.add(change, "PUT", path, whole.without("name"), basis: .object(settable), place: place)
        }
    }

    private mutating func planPrices(areAgreed: Bool) throws {
        let tenants = Dictionary(server.tenants.map { ($1["id"].plain, $0) }) { first, _ in first }
        let published = Dictionary(server.prices.map { (PriceIdentity($0, tenants: tenants), $0) }) { first, _ in first
        }
        for (index, price) in wanted["prices"].items.enumerated() where (price["tenant"].string != nil) == areAgreed {
            let identity = PriceIdentity(price)
            guard let present = published[identity] else {
                let details = ApplyDetail.list(of: price.without("model"), fields: Field.statePrice)
                let change = ApplyChange(action: .create, label: "price \(identity)", details: details)
                let (body, tenant) = agreement(price)
                plan.add(change, "POST", "/prices", body, tenant: tenant, place: "prices[\(index)]")
                continue
            }
            let same = Field.prices.allSatisfy { field in
                price[field.name].members.keys.sorted() == present[field.name].members.keys.sorted()
            }
            guard same, FieldKind.differences(price, present, fields: Field.prices).isEmpty else {
                throw CommandFailure(
                    .conflict,
                    "price \(identity) is published with other numbers, and a published price never changes; "
                        + "give the new numbers a later effective_from")
            }
            plan.keep()
        }
    }

    /// What to send for a price, and the tenant whose id it needs.
    private func agreement(_ price: JSONValue) -> (body: JSONValue, tenant: String?) {
        guard let tenant = price["tenant"].string else { return (price, nil) }
        return (price.without("tenant").with("tenant_id", .string(ApplyCall.tenantID)), tenant)
    }
}
