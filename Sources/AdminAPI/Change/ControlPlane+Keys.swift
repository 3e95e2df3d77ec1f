import Billing
import Hummingbird
import Proxy
import Tenancy

/// Changes of keys, whoever asks for them and however they are answered.
extension ControlPlane {
    /// Makes a key and its first secret; `answer` is given the profile and, this once, the key's text.
    func issue(
        _ asked: APIKey,
        _ context: AdminContext,
        answer: @Sendable (KeyProfile, String) -> Answer
    ) async throws -> Response {
        _ = try active(asked.tenantID)
        let (text, publicID) = KeySecret.generate()
        let secret = Array(text.utf8)
        let phc = try await hasher.hash(secret)
        var key = asked
        key.publicID = publicID.text
        let record = KeySecretRecord(publicID: publicID.text, keyID: key.id, phc: phc)
        let profile = KeyProfile(key: key, secrets: [record])
        let audit = audit(context, "key.create", key.id.text, after: profile.json)
        let given = answer(profile, text)
        let (directory, keyRing) = (directory, keyRing)
        return try await turn.run {
            try await commit(context, audit: audit, answer: given) { db in
                if let model = try RoutingStore.unknownModel(db, among: profile.key.models ?? []) {
                    throw Problem.unknown("model", model, at: "/models")
                }
                try TenancyStore.insert(db, key: profile.key, secret: record)
            } committed: {
                keyRing.warm(publicID: publicID, secret: secret, phc: phc)
                directory.put(profile)
            }
        }
    }

    /// Stores what `edit` makes of a key.
    func change(
        _ id: ID<APIKey>,
        _ context: AdminContext,
        answer: @escaping @Sendable (KeyProfile) -> Answer,
        edit: (KeyProfile) throws -> APIKey
    ) async throws -> Response {
        try await turn.run {
            let before = try keyProfile(id)
            try context.requireMatch(before.json)
            let key = try edit(before)
            try requireUsable(before)
            let audit = audit(
                context, "key.update", key.id.text, before: before.json,
                after: KeyProfile(key: key, secrets: before.secrets).json)
            let directory = directory
            return try await commit(context, audit: audit, answer: { answer($0 ?? before) }) { db in
                if let model = try RoutingStore.unknownModel(db, among: key.models ?? []) {
                    throw Problem.unknown("model", model, at: "/models")
                }
                try TenancyStore.update(db, key: key)
                return try TenancyStore.keyProfile(db, key.id)
            } committed: { profile in
                if let profile { directory.put(profile) }
            }
        }
    }

    /// Ends a key for ever; one that is revoked already stays so, and `answer` is the same.
    func revoke(_ id: ID<APIKey>, _ context: AdminContext, answer: Answer) async throws -> Response {
        try await turn.run {
            let before = try keyProfile(id)
            try context.requireMatch(before.json)
            guard before.key.revokedAt == nil else { return answer.response }
            let audit = audit(context, "key.revoke", id.text, before: before.json)
            let directory = directory
            let now = time.now()
            return try await commit(context, audit: audit, answer: answer) { db in
                try TenancyStore.revoke(db, key: id, at: now)
            } committed: {
                directory.remove(key: id)
            }
        }
    }

    /// The key, revoked or not.
    func keyProfile(_ id: ID<APIKey>) throws -> KeyProfile {
        guard let profile = try file.read({ db in try TenancyStore.keyProfile(db, id) }) else {
            throw Problem.notFound("key")
        }
        return profile
    }

    /// Throws if the key is revoked.
    func requireUsable(_ profile: KeyProfile) throws(Problem) {
        guard profile.key.revokedAt == nil else {
            throw Problem.conflict("key_revoked", "the key \(profile.key.id) is revoked")
        }
    }
}
