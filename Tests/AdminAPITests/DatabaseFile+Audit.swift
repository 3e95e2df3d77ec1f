import Tenancy

extension DatabaseFile {
    /// The whole audit log, the oldest entry first.
    func auditEntries() throws -> [AuditEntry] {
        try read { database in
            try TenancyStore.auditRecords(database, AuditFilter(), newestFirst: false, after: nil, limit: .max)
                .map(\.entry)
        }
    }
}
