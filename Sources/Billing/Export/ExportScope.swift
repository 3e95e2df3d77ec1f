import Tenancy

/// Which entries of the ledger a download is about.
struct ExportScope {
    let month: BillingPeriod
    /// The last entry that counts, by sequence: what comes later is not in the file.
    let lastSequence: Int64
    let tenantID: String?
    let isByKey: Bool
    let isUpstream: Bool
    let tag: ExportTag?
    let tenants: [String: TenantFact]
    let keys: [String: KeyFact]

    init(_ query: ExportQuery, _ facts: PeriodFacts, through lastSequence: Int64) {
        month = facts.period.month
        self.lastSequence = lastSequence
        tenantID = query.tenantID
        isByKey = query.isByKey
        isUpstream = query.view == .upstream
        tag = query.tag
        tenants = facts.tenants
        keys = facts.keys
    }

    /// Whether the tenant's or the key's labels are those asked for.
    func includes(tenantID: String, keyID: String) -> Bool {
        guard let tag else { return true }
        return tenants[tenantID].map { tag.matches($0.tags) } ?? false
            || keys[keyID].map { tag.matches($0.tags) } ?? false
    }
}
