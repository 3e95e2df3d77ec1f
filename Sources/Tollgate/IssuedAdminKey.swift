import Tenancy

/// A key of the role admin put straight into the database of a gateway that does not run.
enum IssuedAdminKey {
    /// Makes the key, and the database if there is none, and returns the key's text, which is nowhere else.
    /// Throws `CommandFailure`.
    static func make(name: String, in configuration: Configuration, actor: String) async throws -> String {
        let time = SystemClock()
        let hasher = KeyHasher(cost: configuration.argon2, workers: 1, time: time)
        defer { hasher.shutdown() }
        let (text, publicID) = KeySecret.generate(.admin)
        let phc = try await hasher.hash(Array(text.utf8))
        let now = time.now()
        let key = AdminKey(
            id: ID.make(prefix: "adm", at: now), publicID: publicID.text, name: name, role: .admin, phc: phc,
            createdAt: now)
        let audit = AuditEntry(
            id: ID.make(prefix: "aud", at: now), at: now, actor: actor, action: "admin_key.create",
            subject: key.id.text, requestID: RequestID.make(at: now).text)
        do {
            let file = try GatewayDatabase.open(path: configuration.storagePath)
            defer { try? file.close() }
            try file.write { db in
                try TenancyStore.insert(db, adminKey: key)
                try TenancyStore.audit(db, audit)
            }
        } catch {
            throw CommandFailure(.failed, "\(configuration.storagePath): \(RefusalWords.text(for: error))")
        }
        return text
    }
}
