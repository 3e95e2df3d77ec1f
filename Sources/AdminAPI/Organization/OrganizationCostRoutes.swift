import Billing
import Hummingbird
import Tenancy

/// `costs`: what was spent, by UTC days. A line item is a model and a meter.
struct OrganizationCostRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] { [list("costs", .financeAndViewers, use: show)] }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = OrganizationQuery(request)
        let groups = query.choices("group_by", of: OrganizationUsageGroup.self)
        for group in [OrganizationUsageGroup.model, .batch, .serviceTier] where groups.contains(group) {
            query.fail("group_by", "\(group.rawValue) is not for costs; line_item names the model")
        }
        var text = OrganizationUsageText(&query, limits: { _ in (7, 180) }, at: plane.time.now())
        if text.width != .day { query.fail("bucket_width", "must be 1d") }
        let lineItems = query.list("line_items").map { Set($0) }
        if query.list("user_ids") != nil { text.tenants = [] }
        try query.finish()
        let kept: [OrganizationUsageGroup] = [.project, .key].filter(groups.contains)
        let hasItems = groups.contains(.lineItem)
        let items: [UsageGroup] = hasItems || lineItems != nil ? [.model, .meter] : []
        let page = try await OrganizationUsagePage(
            text, kept.map { $0 == .project ? .tenant : .key } + items, from: plane.ledger)
        let shownValues = hasItems ? kept.count + items.count : kept.count
        return .json(
            page.json { rows in
                let mine = rows.filter { row in lineItems.map { $0.contains(Self.item(row)) } ?? true }
                return mine.merged(keeping: Array(0..<shownValues)).map { row in
                    let values = zip(kept, row.values).map { JSONMember($0.rawValue, .string($1)) }
                    let unknown = groups.compactMap { group in group.unknown.map { JSONMember(group.rawValue, $0) } }
                    return .object(Self.members(row) + values + (hasItems ? Self.quantity(row) : []) + unknown)
                }
            })
    }

    private static func members(_ row: UsageRow) -> [JSONMember] {
        let amount: JSONValue = ["value": .number(row.cost.decimal), "currency": "usd"]
        return [JSONMember("object", "organization.costs.result"), JSONMember("amount", amount)]
    }

    /// A model and a meter as one name; the model alone for a cost that no count explains.
    private static func item(_ row: UsageRow) -> String {
        row.values.suffix(2).filter { !$0.isEmpty }.joined(separator: ", ")
    }

    private static func quantity(_ row: UsageRow) -> [JSONMember] {
        let meter = row.values.last.flatMap(Meter.init(rawValue:))
        return [
            JSONMember("line_item", .string(item(row))),
            JSONMember("quantity", .integer(meter.map { row.usage[$0] })),
            JSONMember("quantity_unit", .text(meter.flatMap(unit))),
        ]
    }

    private static func unit(_ meter: Meter) -> String? {
        switch meter {
        case .image: "images"
        case .character: "characters"
        case .second: "duration_seconds"
        case .request, .search: nil
        default: "tokens"
        }
    }
}
