import Billing
import Tenancy

/// What a request for a month's file asked for, read from the database once.
struct ExportOpening: Sendable {
    /// A download that has begun.
    struct Opened: Sendable {
        let download: ExportDownload
        /// The last ledger entry in it.
        let lastSequence: Int64
        /// What the client may keep it by; nil for a month that still takes entries.
        let entityTag: String?
    }

    let month: BillingPeriod
    let query: ExportQuery
    /// The last entry that counts in a month that is not closed; nil: the ledger's last.
    let through: Int64?
    let isManifest: Bool
    let isCompressed: Bool

    /// Reads the facts and the last entry in one transaction. Blocks.
    func run(_ plane: ControlPlane) throws -> Opened {
        let (month, through, sources) = (month, through, plane.periods.sources)
        let (facts, last, previous) = try GivingWayStore.read(plane.file) { [isManifest] db in
            let facts = try PeriodFactsStore.facts(db, month, sources)
            let newest = try ExportSequenceStore.last(db)
            let previous = try isManifest ? ExportManifestStore.previous(db, facts) : nil
            return (facts, facts.period.seal?.lastSequence ?? min(through ?? newest, newest), previous)
        }
        let download =
            try isManifest
            ? ExportDownload.manifest(
                query, facts, after: previous, through: last, file: plane.file, shelf: plane.manifests)
            : ExportDownload(query, facts, through: last, file: plane.file, isCompressed: isCompressed)
        let identity = query.identity(facts, isManifest: isManifest, isCompressed: isCompressed)
        return Opened(download: download, lastSequence: last, entityTag: identity.map { "\"\($0)\"" })
    }

    var contentType: String { isManifest ? "application/json" : query.format.contentType }

    var fileName: String {
        isManifest ? query.manifestName(month: month.text) : query.fileName(month: month.text)
    }

    /// What the audit log says of it.
    var auditMembers: [JSONMember] {
        var members = [JSONMember("format", .string(isManifest ? "manifest" : query.format.rawValue))]
        if !isManifest, query.format == .focus14 { members.append(JSONMember("file", .string(query.dataset.rawValue))) }
        if let tenant = query.tenantID { members.append(JSONMember("tenant_id", .string(tenant))) }
        if let tag = query.tag { members.append(JSONMember("tag", .string(tag.text))) }
        if query.isByKey { members.append(JSONMember("group_by", "key")) }
        if query.view != .tenant { members.append(JSONMember("view", .string(query.view.rawValue))) }
        if let profile = query.profile { members.append(JSONMember("profile", .string(profile.rawValue))) }
        if query.decimal != .point { members.append(JSONMember("decimal", .string(query.decimal.rawValue))) }
        if let through { members.append(JSONMember("through", .integer(through))) }
        return members
    }
}
