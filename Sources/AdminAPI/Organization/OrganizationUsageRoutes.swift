import Billing
import Hummingbird
import Tenancy

/// `usage/…`: what was used, by UTC hours or days.
struct OrganizationUsageRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] {
        UsageKind.allCases.map { kind in
            list("usage/\(kind.rawValue)", .financeAndViewers) { request, context in try await show(kind, request) }
        }
    }

    private func show(_ kind: UsageKind, _ request: Request) async throws -> Response {
        var query = OrganizationQuery(request)
        let groups = query.choices("group_by", of: OrganizationUsageGroup.self)
        if groups.contains(.lineItem) { query.fail("group_by", "line_item is for costs") }
        var text = OrganizationUsageText(&query, limits: Self.limits, at: plane.time.now())
        text.models = query.list("models")
        // No call is made by a user or in a batch.
        if query.list("user_ids") != nil || query.flag("batch") == true { text.tenants = [] }
        try query.finish()
        let kept: [OrganizationUsageGroup] = [.project, .key, .model].filter(groups.contains)
        let page = try await OrganizationUsagePage(
            text, kept.filter { $0 != .model }.map { $0 == .project ? .tenant : .key } + [.model],
            from: plane.ledger)
        let models = Self.models(of: kind, in: page)
        return .json(
            page.json { rows in
                let mine = rows.filter { $0.values.last.map(models.contains) ?? false }
                return mine.merged(keeping: Array(kept.indices)).map { row in
                    let values = zip(kept, row.values).map { JSONMember($0.rawValue, .string($1)) }
                    let unknown = groups.compactMap { group in group.unknown.map { JSONMember(group.rawValue, $0) } }
                    return .object(kind.members(row) + values + unknown)
                }
            })
    }

    /// The models of a kind, from all that the page knows of them.
    private static func models(of kind: UsageKind, in page: OrganizationUsagePage) -> Set<String> {
        var usage: [String: TokenUsage] = [:]
        for bucket in page.buckets {
            for row in bucket.rows { usage[row.values.last ?? "", default: .zero].add(row.usage) }
        }
        return Set(usage.filter { UsageKind(of: $0.value) == kind }.keys)
    }

    private static func limits(_ width: OrganizationUsageText.Width) -> (standard: Int64, most: Int64) {
        switch width {
        case .minute: (60, 1440)
        case .hour: (24, 168)
        case .day: (7, 31)
        }
    }
}
