import Tenancy

/// What makes two prices the same one; their numbers never change afterwards.
struct PriceIdentity: Hashable, CustomStringConvertible {
    let model: String
    let kind: String
    let backend: String
    /// By name; empty: all.
    let tenant: String
    let tier: String
    let aboveTokens: String
    let effectiveFrom: Timestamp?

    /// Of a price in a file, or of one on a server that has tenants with these names by id.
    init(_ price: JSONValue, tenants: [String: String] = [:]) {
        model = price["model"].plain
        kind = price["kind"].string ?? "tenant"
        backend = price["backend_id"].plain
        let id = price["tenant_id"].plain
        tenant = price["tenant"].string ?? tenants[id] ?? id
        tier = price["tier"].plain
        aboveTokens = price["above_tokens"].plain
        effectiveFrom = price["effective_from"].string.flatMap { Timestamp(rfc3339: $0) }
    }

    var description: String {
        let above = aboveTokens.isEmpty ? "" : "above \(aboveTokens) tokens"
        let scope = [kind == "tenant" ? "" : kind, backend, tenant, tier, above].filter { !$0.isEmpty }.joined(
            separator: " ")
        return "\(model)\(scope.isEmpty ? "" : " (\(scope))") from \(effectiveFrom?.rfc3339 ?? "?")"
    }
}
