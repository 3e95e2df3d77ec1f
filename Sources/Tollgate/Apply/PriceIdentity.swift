import Tenancy

/// What makes two prices the same one; their numbers never change afterwards.
struct PriceIdentity: Hashable, CustomStringConvertible {
    let model: String
    let kind: String
    let backend: String
    let tier: String
    let aboveTokens: String
    let effectiveFrom: Timestamp?

    init(_ price: JSONValue) {
        model = price["model"].plain
        kind = price["kind"].string ?? "tenant"
        backend = price["backend_id"].plain
        tier = price["tier"].plain
        aboveTokens = price["above_tokens"].plain
        effectiveFrom = price["effective_from"].string.flatMap { Timestamp(rfc3339: $0) }
    }

    var description: String {
        let above = aboveTokens.isEmpty ? "" : "above \(aboveTokens) tokens"
        let scope = [kind == "tenant" ? "" : kind, backend, tier, above].filter { !$0.isEmpty }.joined(separator: " ")
        return "\(model)\(scope.isEmpty ? "" : " (\(scope))") from \(effectiveFrom?.rfc3339 ?? "?")"
    }
}
