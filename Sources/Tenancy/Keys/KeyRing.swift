import Synchronization

/// Proves whose key was presented: from memory once it has been seen, by argon2 the first time.
public final class KeyRing: Sendable {
    /// What can be said of a presented key at once.
    public enum Verdict: Sendable {
        /// The key is good.
        case accepted(Principal)
        /// It is not, for a reason the client is not told.
        case refused
        /// Only argon2 can tell: hand it to `check`.
        case needsCheck(PendingCheck)
    }

    private let directory: Directory
    private let time: any TimeSource
    private let prover: SecretProver
    private let hits = Atomic<UInt64>(0)
    private let misses = Atomic<UInt64>(0)
    private let refusals = Atomic<UInt64>(0)

    /// `rehash` receives a new PHC string, on a worker, when a proven secret was hashed at another cost.
    public init(
        directory: Directory,
        hasher: KeyHasher,
        cost: KeyHasher.Cost,
        time: any TimeSource,
        rehash: @escaping @Sendable (PublicID, String) -> Void
    ) {
        self.directory = directory
        self.time = time
        prover = SecretProver(
            hasher: hasher, cost: cost, time: time, isKnown: { directory.secret(publicID: $0) != nil }, rehash: rehash)
    }

    /// Judges a presented key without blocking; a suspended tenant's is accepted here and refused by admission.
    public func authenticate(
        _ presented: UnsafeRawBufferPointer,
        clientAddress: String?,
        at instant: Timestamp
    ) -> Verdict {
        guard let publicID = KeySecret.parse(presented) else { return refuse() }
        return authenticate(presented, publicID, clientAddress: clientAddress, at: instant)
    }

    /// The same for a key that is known to be well formed, whose public id this is.
    public func authenticate(
        _ presented: UnsafeRawBufferPointer,
        _ publicID: PublicID,
        clientAddress: String?,
        at instant: Timestamp
    ) -> Verdict {
        guard let (principal, phc) = candidate(publicID, clientAddress: clientAddress, at: instant),
            let digest = prover.digest(of: presented, publicID)
        else { return refuse() }
        switch prover.recall(publicID, digest: digest, phc: phc) {
        case true?:
            hits.add(1, ordering: .relaxed)
            return .accepted(principal)
        case false?:
            hits.add(1, ordering: .relaxed)
            return refuse()
        case nil:
            misses.add(1, ordering: .relaxed)
            let secret = Array(presented)
            return .needsCheck(
                PendingCheck(
                    publicID: publicID, secret: secret, phc: phc, digest: digest, clientAddress: clientAddress))
        }
    }

    /// Whether a key of this public id may be used, wherever it comes from and whatever its secret.
    public func knows(_ publicID: PublicID, at instant: Timestamp) -> Bool {
        guard let (record, key, tenant) = directory.secret(publicID: publicID) else { return false }
        return record.isUsable(at: instant) && key.key.isUsable(at: instant) && tenant.tenant.archivedAt == nil
    }

    /// Lets argon2 judge; `then` is called once, on a worker, or before this returns if the answer is known.
    public func check(_ pending: PendingCheck, then: @escaping @Sendable (CheckOutcome) -> Void) {
        prover.check(pending) { [self] result in then(outcome(of: result, for: pending)) }
    }

    /// Spares a key just made or rotated its first run of argon2; `secret` is the whole key text.
    public func warm(publicID: PublicID, secret: [UInt8], phc: String) {
        prover.warm(publicID: publicID, secret: secret, phc: phc)
    }

    /// How keys were judged so far.
    public var counters: KeyRingCounters {
        KeyRingCounters(
            hits: hits.load(ordering: .relaxed),
            misses: misses.load(ordering: .relaxed),
            refused: refusals.load(ordering: .relaxed)
        )
    }
}

extension KeyRing {
    /// Who the key would be, if its secret proves right.
    private func candidate(
        _ publicID: PublicID,
        clientAddress: String?,
        at instant: Timestamp
    ) -> (Principal, phc: String)? {
        guard let (record, key, tenant) = directory.secret(publicID: publicID),
            record.isUsable(at: instant), key.key.isUsable(at: instant),
            tenant.tenant.archivedAt == nil,
            key.allows(address: clientAddress)
        else { return nil }
        return (Principal(tenant: tenant, key: key, secret: publicID), record.phc)
    }

    /// A proven key is judged again by what the directory says now: it may have been revoked while it waited.
    private func outcome(of result: KeyChecks.RunResult, for pending: PendingCheck) -> CheckOutcome {
        if result == .rejected { return .busy }
        guard result == .proven,
            let (principal, _) = candidate(pending.publicID, clientAddress: pending.clientAddress, at: time.now())
        else {
            refusals.add(1, ordering: .relaxed)
            return .refused
        }
        return .accepted(principal)
    }

    private func refuse() -> Verdict {
        refusals.add(1, ordering: .relaxed)
        return .refused
    }
}
