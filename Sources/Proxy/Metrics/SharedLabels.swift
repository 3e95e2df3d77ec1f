/// Labels of a family that grows with tenants: beyond a bound new ones are counted together, so that no sum loses
/// anything.
protocol SharedLabels: Hashable {
    /// What stands in the place of names that are counted together.
    static var others: String { get }
    /// The same without the tenant's name.
    var ofAnyTenant: Self { get }
    /// The same without any name an operator gives.
    var ofAnything: Self { get }
}

extension SharedLabels {
    static var others: String { "other" }

    /// These labels where `counted` has them or room for them, else shared ones. Room for a tenth more is for those
    /// that only lack the tenant.
    func within<Value>(_ limit: Int, of counted: [Self: Value]) -> Self {
        if counted.count < limit || counted[self] != nil { return self }
        let shared = ofAnyTenant
        return counted.count < limit + limit / 10 || counted[shared] != nil ? shared : ofAnything
    }
}

extension RequestLabels: SharedLabels {
    var ofAnyTenant: RequestLabels {
        RequestLabels(tenant: tenant.isEmpty ? "" : Self.others, pool: pool, model: model, outcome: outcome)
    }

    var ofAnything: RequestLabels {
        RequestLabels(tenant: Self.others, pool: Self.others, model: Self.others, outcome: outcome)
    }
}

extension CostLabels: SharedLabels {
    var ofAnyTenant: CostLabels { CostLabels(tenant: Self.others, model: model) }

    var ofAnything: CostLabels { CostLabels(tenant: Self.others, model: Self.others) }
}
