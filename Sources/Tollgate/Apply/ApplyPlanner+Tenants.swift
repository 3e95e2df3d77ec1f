/// Tenants with what belongs to them.
extension ApplyPlanner {
    mutating func planTenants() {
        for (index, tenant) in wanted["tenants"].items.enumerated() {
            let place = "tenants[\(index)]"
            let name = tenant["name"].plain
            let settings = tenant.without("entitlements").without("quotas").without("budgets")
            plan.bring(
                "tenant \(name)", to: settings, from: server.tenants[name], fields: Field.tenant,
                create: ("POST", "/tenants"), update: ("PATCH", tenantPath), tenant: name, place: place)
            planEntitlements(tenant, name: name, place: place)
            planQuotas(tenant, name: name, place: place)
            planBudgets(tenant, name: name, place: place)
        }
    }

    private var tenantPath: String { "/tenants/\(ApplyCall.tenantID)" }

    /// The list is put whole; its order means nothing.
    private mutating func planEntitlements(_ tenant: JSONValue, name: String, place: String) {
        guard case .array(let list) = tenant["entitlements"] else { return }
        let present = Self.models(byPool: server.entitlements[name]?.items ?? [])
        let given = Self.models(byPool: list)
        guard given != present else {
            plan.keep()
            return
        }
        let pools = Set(given.keys).union(present.keys).filter { given[$0] != present[$0] }.sorted()
        let details = pools.map { pool in
            let (old, new) = (present[pool], given[pool])
            return ApplyDetail(field: pool, old: old.map(Self.shown), new: new.map(Self.shown), isChange: true)
        }
        plan.add(
            ApplyChange(action: .change, label: "entitlements of \(name)", details: details), "PUT",
            "\(tenantPath)/entitlements", .object(["pools": .array(list)]), tenant: name,
            basis: server.entitlements[name].map { .object(["pools": $0]) }, place: "\(place).entitlements")
    }

    /// `*`, or the models' names.
    private static func shown(_ models: Set<String>) -> String {
        models.isEmpty ? "no model" : models.sorted().joined(separator: ", ")
    }

    private static func models(byPool entitlements: [JSONValue]) -> [String: Set<String>] {
        Dictionary(
            entitlements.map { entitlement in
                let models = entitlement.members["models"]?.items.map(\.plain) ?? ["*"]
                return (entitlement["pool"].plain, Set(models))
            }
        ) { first, _ in first }
    }

    /// Quotas are put whole: what the file leaves out does not bind.
    private mutating func planQuotas(_ tenant: JSONValue, name: String, place: String) {
        guard case .object(let given) = tenant["quotas"] else { return }
        let whole = JSONValue.object(
            Dictionary(Field.quota.map { ($0.name, given[$0.name] ?? .null) }) { first, _ in first })
        let present = server.quotas[name] ?? .object([:])
        let differing = FieldKind.differences(whole, present, fields: Field.quota)
        guard !differing.isEmpty else {
            plan.keep()
            return
        }
        let details = ApplyDetail.list(from: present, to: whole, fields: Field.quota)
        plan.add(
            ApplyChange(action: .change, label: "quotas of \(name)", details: details), "PUT", "\(tenantPath)/quotas",
            whole, tenant: name, basis: server.quotas[name], place: "\(place).quotas")
    }

    private mutating func planBudgets(_ tenant: JSONValue, name: String, place: String) {
        let present = Dictionary(budgets(of: name).map { (BudgetIdentity($0), $0) }) { first, _ in first }
        for (index, budget) in tenant["budgets"].items.enumerated() {
            let place = "\(place).budgets[\(index)]"
            let identity = BudgetIdentity(budget)
            let label = "budget of \(name) (\(identity))"
            guard let existing = present[identity] else {
                let body = JSONValue.object(
                    budget.members.merging(["tenant_id": .string(ApplyCall.tenantID)]) { _, new in new })
                let details = ApplyDetail.list(of: budget, fields: Self.changeable)
                let change = ApplyChange(action: .create, label: label, details: details)
                plan.add(change, "POST", "/budgets", body, tenant: name, place: place)
                continue
            }
            plan.bring(
                label, to: budget, from: existing, fields: Self.changeable, create: ("POST", "/budgets"),
                update: ("PATCH", PathText.join("budgets", existing["id"].plain)), place: place)
        }
    }

    /// What is no part of a budget's identity.
    private static var changeable: [Field] {
        Field.tenantBudget.filter { ["limit", "alerts_at"].contains($0.name) }
    }

    /// The tenant's own budgets; those of single keys are no business of a state file.
    func budgets(of name: String) -> [JSONValue] {
        guard let id = server.tenants[name]?["id"].string else { return [] }
        return (server.budgets[id] ?? []).filter { $0["key_id"] == .null }
    }
}
