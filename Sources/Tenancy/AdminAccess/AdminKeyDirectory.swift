import Synchronization

/// The live view of the admin keys that are not revoked; changed only after the change is committed.
public final class AdminKeyDirectory: Sendable {
    /// A use is stored at most this often, in microseconds.
    private static let useInterval: Int64 = 60_000_000

    private struct State {
        var keys: [PublicID: AdminKey] = [:]
        /// The use that is stored, or on its way there.
        var storedUses: [PublicID: Timestamp] = [:]
    }

    private let state = Mutex(State())

    /// A directory of what the database holds at start.
    public init(_ keys: [AdminKey] = []) {
        for key in keys { put(key) }
    }

    /// Adds the key or replaces what was known of it.
    public func put(_ key: AdminKey) {
        guard let publicID = PublicID(key.publicID.utf8) else { return }
        state.withLock { state in
            state.keys[publicID] = key
            state.storedUses[publicID] = key.lastUsedAt
        }
    }

    /// Forgets a key that was revoked.
    public func remove(_ id: ID<AdminKey>) {
        state.withLock { state in
            for (publicID, key) in state.keys where key.id == id {
                state.keys[publicID] = nil
                state.storedUses[publicID] = nil
            }
        }
    }

    /// The key with that public part; expiry is the caller's to judge.
    public func key(publicID: PublicID) -> AdminKey? {
        state.withLock { $0.keys[publicID] }
    }

    /// The key of that id; expiry is the caller's to judge.
    public func key(_ id: ID<AdminKey>) -> AdminKey? {
        // Operators have few keys.
        state.withLock { $0.keys.values.first { $0.id == id } }
    }

    /// Whether a key of the role admin that may be used at the instant is there.
    public func hasAdmin(at instant: Timestamp) -> Bool {
        state.withLock { state in
            state.keys.values.contains { $0.role == .admin && $0.isUsable(at: instant) }
        }
    }

    /// Whether another such key is there that ends no earlier than the one given: without that one somebody can get in
    /// for as long as with it.
    public func hasAdmin(at instant: Timestamp, lastingAs key: AdminKey) -> Bool {
        state.withLock { state in
            state.keys.values.contains { other in
                guard other.role == .admin, other.id != key.id, other.isUsable(at: instant) else { return false }
                guard let end = other.expiresAt else { return true }
                return key.expiresAt.map { end >= $0 } ?? false
            }
        }
    }

    /// When the key was last used, as far as this process knows.
    public func lastUse(of key: AdminKey) -> Timestamp? {
        PublicID(key.publicID.utf8).flatMap { self.key(publicID: $0)?.lastUsedAt } ?? key.lastUsedAt
    }

    /// Takes note of a use; true if it should be stored, which is at most once a minute for a key.
    public func noteUse(of key: AdminKey, at instant: Timestamp) -> Bool {
        guard let publicID = PublicID(key.publicID.utf8) else { return false }
        return state.withLock { state in
            guard state.keys[publicID] != nil else { return false }
            state.keys[publicID]?.lastUsedAt = instant
            let stored = state.storedUses[publicID]
            if let stored, instant.microseconds - stored.microseconds < Self.useInterval { return false }
            state.storedUses[publicID] = instant
            return true
        }
    }

    /// Replaces the hash of a key whose secret was hashed anew.
    public func replacePHC(_ phc: String, of publicID: PublicID) {
        state.withLock { $0.keys[publicID]?.phc = phc }
    }
}
