import Billing
import Tenancy

/// What an import did, or would do.
struct PriceImportAnswer: Sendable {
    let format: PriceListFormat
    let sha256: String
    let isDryRun: Bool
    let list: PriceList
    let plan: PriceImportPlan
    let terms: PriceImportPlan.Terms

    /// What the audit log keeps of it.
    var summary: JSONValue {
        [
            "format": .string(format.rawValue),
            "sha256": .string(sha256),
            "kind": .string(terms.kind.rawValue),
            "backend_id": .text(terms.backendID),
            "effective_from": .string(terms.effectiveFrom.rfc3339),
            "published": .integer(plan.versions.count),
            "unchanged": .integer(plan.unchanged),
        ]
    }

    var json: JSONValue {
        summary.adding("dry_run", .bool(isDryRun)).adding("changes", .array(plan.changes.map(Self.json)))
            .adding("jumps", .integer(plan.jumps.count)).adding("conflicts", .texts(plan.conflicts))
            .adding("rounded", .array(list.prices.flatMap(Self.roundings)))
            .adding(
                "omitted",
                .array(list.omissions.map { ["model": .string($0.model), "reason": .string($0.reason)] }))
    }

    private static func json(_ change: PriceChange) -> JSONValue {
        [
            "model": .string(change.model),
            "tier": .text(change.tier),
            "above_tokens": .integer(change.aboveTokens),
            "meter": .string(change.meter.rawValue),
            "per": .string(change.meter.isToken ? "million" : "unit"),
            "old": .text(change.old.map { text($0, of: change.meter) }),
            "new": .text(change.new.map { text($0, of: change.meter) }),
            "percent": .text(change.perMille.map(percent)),
            "jump": .bool(change.isJump),
        ]
    }

    private static func roundings(_ price: ListedPrice) -> [JSONValue] {
        price.roundings.map { rounding in
            [
                "model": .string(price.model),
                "meter": .string(rounding.meter.rawValue),
                "given": .string(rounding.given),
                "taken": .string(text(rounding.taken, of: rounding.meter)),
            ]
        }
    }

    /// USD per million tokens, or per unit.
    private static func text(_ pico: Int64, of meter: Meter) -> String {
        Money(pico: Int128(pico) * (meter.isToken ? 1_000_000 : 1)).decimal
    }

    private static func percent(_ perMille: Int64) -> String {
        let magnitude = perMille.magnitude
        return (perMille < 0 ? "-" : "+") + "\(magnitude / 10).\(magnitude % 10)"
    }
}
