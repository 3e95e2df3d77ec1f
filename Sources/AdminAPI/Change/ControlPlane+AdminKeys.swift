import Hummingbird
import Tenancy

/// Changes of admin keys, whoever asks for them and however they are answered.
extension ControlPlane {
    /// Makes an admin key of a role the caller has; `answer` is given the key and, this once, its text.
    func issueAdminKey(
        named name: String,
        role: AdminRole,
        expiresAt: Timestamp?,
        _ context: AdminContext,
        answer: @Sendable (AdminKey, String) -> Answer
    ) async throws -> Response {
        guard context.caller.role.includes(role) else { throw Problem.roleNotAllowed(context.caller.role) }
        let now = time.now()
        let (text, publicID) = KeySecret.generate(.admin)
        let secret = Array(text.utf8)
        let phc = try await adminHasher.hash(secret)
        let key = AdminKey(
            id: ID.make(prefix: "adm", at: now), publicID: publicID.text, name: name, role: role, phc: phc,
            createdAt: now, expiresAt: expiresAt)
        let audit = audit(context, "admin_key.create", key.id.text, after: key.state)
        let ring = adminKeys
        let given = answer(key, text)
        return try await turn.run {
            try await commit(context, audit: audit, answer: given) { db in
                try TenancyStore.insert(db, adminKey: key)
            } committed: {
                ring.warm(publicID: publicID, secret: secret, phc: phc)
                ring.directory.put(key)
            }
        }
    }

    /// Ends an admin key for ever, unless there would be a day without a way in that there is none with it.
    func revokeAdminKey(
        _ id: ID<AdminKey>,
        hasBootstrap: Bool,
        _ context: AdminContext,
        answer: Answer
    ) async throws -> Response {
        try await turn.run {
            let before = try adminKey(id)
            try context.requireMatch(before.state)
            guard before.revokedAt == nil else { return answer.response }
            let now = time.now()
            let directory = adminKeys.directory
            if !hasBootstrap, before.role == .admin, before.isUsable(at: now),
                !directory.hasAdmin(at: now, lastingAs: before)
            {
                throw Problem.conflict(
                    "last_admin_key",
                    "no other key of the role admin lasts as long: make one that does first, or one day nobody could "
                        + "get in")
            }
            let audit = audit(
                context, "admin_key.revoke", id.text, before: before.json(lastUsedAt: directory.lastUse(of: before)))
            return try await commit(context, audit: audit, answer: answer) { db in
                try TenancyStore.revoke(db, adminKey: id, at: now)
            } committed: {
                directory.remove(id)
            }
        }
    }

    /// The admin key, revoked or not.
    func adminKey(_ id: ID<AdminKey>) throws -> AdminKey {
        guard let key = try file.read({ db in try TenancyStore.adminKey(db, id) }) else {
            throw Problem.notFound("admin key")
        }
        return key
    }
}
