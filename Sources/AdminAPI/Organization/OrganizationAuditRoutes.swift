import Hummingbird
import Tenancy

/// `audit_logs`: who changed what, the newest first. Finance sees what it did itself: what its filters leave of that,
/// and 403 only when it names others.
struct OrganizationAuditRoutes: OrganizationGroup {
    let plane: ControlPlane

    var routes: [AdminRoute] { [list("audit_logs", .financeOwn, use: list)] }

    private func list(_ request: Request, _ context: AdminContext) async throws -> Response {
        var query = OrganizationQuery(request)
        var filter = AuditFilter()
        filter.besides = [AuditRecord.noEvent]
        filter.actors = query.list("actor_ids")
        filter.subjects = query.list("resource_ids")
        filter.tenants = query.list("project_ids")
        Self.readTimes(from: &query, to: &filter)
        if let types = query.list("event_types") { Self.choose(types, of: &filter) }
        // Operators have no addresses, so nothing was done by one; and nothing here is the affair of a tenant over the
        // organization.
        let choosesNothing = [query.list("actor_emails") != nil, query.flag("tenant_only") == true].contains(true)
        let page = query.page()
        try query.finish()
        if context.grant == .own {
            guard filter.actors ?? [context.caller.actor] == [context.caller.actor] else {
                throw Problem.roleNotAllowed(context.caller.role)
            }
            filter.actor = context.caller.actor
        }
        if choosesNothing { filter.actors = [] }
        let wanted = filter
        let records = try plane.file.read { db in
            let place = try (page.after ?? page.before).map { id in
                guard let sequence = try TenancyStore.auditSequence(db, of: id) else {
                    throw Problem.invalid("?after", "is not an entry of this log")
                }
                return sequence
            }
            return try TenancyStore.auditRecords(
                db, wanted, newestFirst: page.before == nil, after: place, limit: page.limit + 1)
        }
        guard page.before != nil else { return .json(page.answer(records, id: \.entry.id.text, json: \.event)) }
        // Read from the cursor towards the newest, shown as every page is.
        let shown = Array(records.prefix(page.limit).reversed())
        let excess = records.count > page.limit ? Array(records.suffix(1)) : []
        return .json(page.answer(shown + excess, id: \.entry.id.text, json: \.event))
    }

    private static func readTimes(from query: inout OrganizationQuery, to filter: inout AuditFilter) {
        // Entries have microseconds, the bounds whole seconds.
        let (from, after) = (query.instant("effective_at[gte]"), query.instant("effective_at[gt]"))
        let starts = [from, after.map { $0.adding(milliseconds: 1000) }].compactMap { $0 }
        let (until, before) = (query.instant("effective_at[lte]"), query.instant("effective_at[lt]"))
        let ends = [until.map { $0.adding(milliseconds: 1000) }, before].compactMap { $0 }
        filter.start = starts.max()
        filter.end = ends.min()
    }

    /// Kinds of events as actions; a kind that never happens here chooses nothing.
    private static func choose(_ types: [String], of filter: inout AuditFilter) {
        filter.actions = types.flatMap { AuditRecord.eventActions[$0] ?? [] }
        if types.contains(AuditRecord.otherEvent) {
            filter.besides = AuditRecord.eventActions.values.flatMap { $0 } + [AuditRecord.noEvent]
        } else {
            filter.besides = nil
        }
    }
}
