/// Tenants with what belongs to them.
extension ApplyPlanner {
    mutating func planTenants() {
        for tenant in wanted["tenants"].items {
            let name = tenant["name"].plain
            let settings = tenant.without("entitlements").without("quotas").without("budgets")
            plan.bring(
                "tenant \(name)", to: settings, from: server.tenants[name], fields: Field.tenant,
                create: ("POST", "/tenants"), update: ("PATCH", tenantPath), tenant: name)
            planEntitlements(tenant, name: name)
            planQuotas(tenant, name: name)
            planBudgets(tenant, name: name)
        }
    }

    private var tenantPath: String { "/tenants/\(ApplyCall.tenantID)" }

    /// The list is put whole; its order means nothing.
    private mutating func planEntitlements(_ tenant: JSONValue, name: String) {
        guard case .array(let list) = tenant["entitlements"] else { return }
        let present = Self.models(byPool: server.entitlements[name]?.items ?? [])
        let given = Self.models(byPool: list)
        guard given != present else {
            plan.keep()
            return
        }
        let added = given.keys.filter { present[$0] == nil }.sorted().map { "+\($0)" }
        let removed = present.keys.filter { given[$0] == nil }.sorted().map { "-\($0)" }
        let changed = given.keys.filter { present[$0] != nil && present[$0] != given[$0] }.sorted().map { "~\($0)" }
        let line = "~ entitlements of \(name): \((added + changed + removed).joined(separator: ", "))"
        plan.add(line, "PUT", "\(tenantPath)/entitlements", .object(["pools": .array(list)]), tenant: name)
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
    private mutating func planQuotas(_ tenant: JSONValue, name: String) {
        guard case .object(let given) = tenant["quotas"] else { return }
        let whole = JSONValue.object(
            Dictionary(Field.quota.map { ($0.name, given[$0.name] ?? .null) }) { first, _ in first })
        let present = server.quotas[name] ?? .object([:])
        let differing = FieldKind.differences(whole, present, fields: Field.quota)
        guard !differing.isEmpty else {
            plan.keep()
            return
        }
        let line = "~ quotas of \(name): \(ApplyPlan.describe(differing, from: present, to: whole))"
        plan.add(line, "PUT", "\(tenantPath)/quotas", whole, tenant: name)
    }

    private mutating func planBudgets(_ tenant: JSONValue, name: String) {
        let present = Dictionary(budgets(of: name).map { (BudgetIdentity($0), $0) }) { first, _ in first }
        for budget in tenant["budgets"].items {
            let identity = BudgetIdentity(budget)
            let label = "budget of \(name) (\(identity))"
            guard let existing = present[identity] else {
                let body = JSONValue.object(
                    budget.members.merging(["tenant_id": .string(ApplyCall.tenantID)]) { _, new in new })
                plan.add("+ \(label): limit \(budget["limit"].plain)", "POST", "/budgets", body, tenant: name)
                continue
            }
            plan.bring(
                label, to: budget, from: existing, fields: Self.changeable, create: ("POST", "/budgets"),
                update: ("PATCH", PathText.join("budgets", existing["id"].plain)))
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
