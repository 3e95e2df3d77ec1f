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
    /// The import that it goes on with.
    let unfinished: PriceImport.Unfinished?
    /// `imp_…`; nil for a dry run of a new one.
    let id: ID<PriceImport>?

    /// How many versions it publishes, with those that it published before it was cut short.
    var planned: Int { (unfinished?.published ?? 0) + plan.versions.count }

    /// What the audit log keeps of a part.
    func summary(_ part: PriceImport.Part) -> JSONValue {
        summary.adding("published", .integer(part.published)).adding("part", .integer(part.number))
            .adding("planned", .integer(planned)).adding("is_last", .bool(part.isLast))
    }

    private var summary: JSONValue {
        [
            "id": .text(id?.text),
            "format": .string(format.rawValue),
            "sha256": .string(sha256),
            "kind": .string(terms.kind.rawValue),
            "backend_id": .text(terms.backendID),
            "effective_from": .string(terms.effectiveFrom.rfc3339),
            "unchanged": .integer(plan.unchanged),
        ]
    }

    var json: JSONValue {
        summary.adding("published", .integer(plan.versions.count))
            .adding("published_before", .integer(unfinished?.published ?? 0)).adding("dry_run", .bool(isDryRun)).adding(
                "changes", .array(plan.changes.map(Self.json))
            )
            .adding("jumps", .integer(plan.jumps.count)).adding("conflicts", .texts(plan.conflicts))
            .adding("rounded", .array(list.prices.flatMap(Self.roundings)))
            .adding("omitted", .array(omitted))
            .adding(
                "left_over",
                .array(
                    plan.leftOver.map { version in
                        [
                            "model": .string(version.model), "tier": .text(version.tier),
                            "above_tokens": .integer(version.aboveTokens), "id": .string(version.id),
                        ]
                    }))
    }

    /// What is left out, together where price and reason are the same, in the order of the list.
    private var omitted: [JSONValue] {
        var places: [[String?]: Int] = [:]
        var groups: [[PriceList.Omission]] = []
        for omission in list.omissions {
            let kind = [omission.price, omission.reason]
            if let place = places[kind] {
                groups[place].append(omission)
            } else {
                places[kind] = groups.count
                groups.append([omission])
            }
        }
        return groups.compactMap { group in
            group.first.map { first in
                [
                    "price": .text(first.price), "reason": .string(first.reason),
                    "models": .texts(group.map(\.model)),
                ]
            }
        }
    }

    private static func json(_ change: PriceChange) -> JSONValue {
        [
            "model": .string(change.model),
            "tier": .text(change.tier),
            "above_tokens": .integer(change.aboveTokens),
            "meter": .string(change.meter.rawValue),
            "per": .string(change.meter.isToken ? "million" : "unit"),
            "old": .text(change.old.map { text($0, of: change.meter) }),
            "new": .text(text(change.new, of: change.meter)),
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
