import Billing
import Proxy
public import Tenancy

/// Seals all that is sealed in the database under another master key. The former one stays good until `finish`.
///
/// Each call runs in the caller's transaction: a process killed anywhere leaves all of it done or nothing.
public enum MasterKeyRotation {
    /// What is sealed.
    public struct Count: Sendable, Equatable {
        /// Backends with a credential.
        public var backendKeys = 0
        /// Webhooks' secrets.
        public var webhookSecrets = 0
    }

    /// Seals everything under `next`, which may be the former key: that takes an unfinished rotation back.
    ///
    /// Throws `RotationError` if another rotation is unfinished, and for the first secret that does not open.
    public static func begin(
        _ db: TenancyStore.Transaction, from present: MasterKey, to next: MasterKey
    ) throws -> Count {
        let state = try MasterKeyStore.state(db)
        guard state.check == present.checkValue else { throw RotationError.notPresent }
        guard state.former == nil || state.isFormer(next) else { throw RotationError.unfinished }
        let next = next.numbered(state.version + 1)
        let present = present.numbered(state.version)
        return try MasterKeyStore.erasing(db) {
            var count = Count()
            for var backend in try RoutingStore.snapshot(db).backends {
                guard let key = try opened(backend, with: present) else { continue }
                try backend.seal(key: key, with: next)
                try RoutingStore.update(db, backend)
                count.backendKeys += 1
            }
            for var webhook in try WebhookStore.webhooks(db) {
                try webhook.seal(secret: try opened(webhook, with: present), with: next)
                try WebhookStore.reseal(webhook, db)
                count.webhookSecrets += 1
            }
            try MasterKeyStore.resealDigestKey(db, from: present, to: next)
            let former = MasterKeyState.Former(check: present.checkValue, wrapped: try present.wrap(next))
            try MasterKeyStore.put(
                db, MasterKeyState(check: next.checkValue, version: next.version, former: former))
            return count
        }
    }

    /// Forgets the former key: from now on only the present one opens the database. Nothing if there is none.
    public static func finish(_ db: TenancyStore.Transaction, present: MasterKey) throws {
        var state = try MasterKeyStore.state(db)
        guard state.check == present.checkValue else { throw RotationError.notPresent }
        guard state.former != nil else { return }
        state.former = nil
        try MasterKeyStore.erasing(db) { try MasterKeyStore.put(db, state) }
    }

    /// Opens everything with one key; throws `RotationError.sealed` at the first secret that it does not open.
    public static func check(_ db: TenancyStore.Transaction, with key: MasterKey) throws -> Count {
        var count = Count()
        for backend in try RoutingStore.snapshot(db).backends where try opened(backend, with: key.alone) != nil {
            count.backendKeys += 1
        }
        for webhook in try WebhookStore.webhooks(db) {
            _ = try opened(webhook, with: key.alone)
            count.webhookSecrets += 1
        }
        return count
    }

    private static func opened(_ backend: BackendDefinition, with key: MasterKey) throws -> [UInt8]? {
        try named("backend \(backend.id.text)") { try backend.openKey(with: key) }
    }

    private static func opened(_ webhook: Webhook, with key: MasterKey) throws -> [UInt8] {
        try named("webhook \(webhook.id.text)") { try webhook.openSecret(with: key) }
    }

    private static func named<Secret>(_ row: String, _ open: () throws -> Secret) throws -> Secret {
        do {
            return try open()
        } catch MasterKeyError.openFailed {
            throw RotationError.sealed(row: row)
        }
    }

    /// Shows who finishes a rotation to have the present key at hand: HMAC-SHA256, in hexadecimal digits.
    public static func proof(_ key: MasterKey) throws -> String {
        SecretBytes.hex(try key.digest(of: Array("tollgate master key finish \(key.version)".utf8)))
    }
}
