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

    /// A secret proven in this process.
    private struct Verified {
        let digest: KeyDigest
        let phc: String
        /// The hash of the same secret at today's cost, on its way into the database.
        var nextPHC: String?
    }

    private let directory: Directory
    private let hasher: KeyHasher
    private let cost: KeyHasher.Cost
    private let time: any TimeSource
    private let rehash: @Sendable (PublicID, String) -> Void
    private let digester = KeyDigester()
    private let verified = Mutex<[PublicID: Verified]>([:])
    private let checks = Mutex(KeyChecks())
    private let hits = Atomic<UInt64>(0)
    private let misses = Atomic<UInt64>(0)
    private let refusals = Atomic<UInt64>(0)
    /// Proven secrets kept before those that left the directory are swept out.
    private let sweepAt = Mutex(1024)

    /// `rehash` receives a new PHC string, on a worker, when a proven secret was hashed at another cost.
    public init(
        directory: Directory,
        hasher: KeyHasher,
        cost: KeyHasher.Cost,
        time: any TimeSource,
        rehash: @escaping @Sendable (PublicID, String) -> Void
    ) {
        self.directory = directory
        self.hasher = hasher
        self.cost = cost
        self.time = time
        self.rehash = rehash
    }

    /// Judges a presented key without blocking; a suspended tenant's is accepted here and refused by admission.
    public func authenticate(
        _ presented: UnsafeRawBufferPointer,
        clientAddress: String?,
        at instant: Timestamp
    ) -> Verdict {
        guard let publicID = KeySecret.parse(presented),
            let (principal, phc) = candidate(publicID, clientAddress: clientAddress, at: instant),
            let digest = digester.digest(of: presented, spread: publicID.spread)
        else { return refuse() }
        switch recall(publicID, digest: digest, phc: phc) {
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

    /// Lets argon2 judge; `then` is called once, on a worker, or before this returns if the answer is known.
    public func check(_ pending: PendingCheck, then: @escaping @Sendable (CheckOutcome) -> Void) {
        let now = time.uptime()
        let waiter: KeyChecks.Waiter = { [self] result in then(outcome(of: result, for: pending)) }
        let (known, submission) = checks.withLock { checks -> (Bool?, KeyChecks.Submission) in
            // A run that ended since `authenticate` may have proven the secret already.
            let known = recall(pending.publicID, digest: pending.digest, phc: pending.phc)
            if known != nil { return (known, .waits) }
            return (nil, checks.submit(pending, at: now, waiter: waiter))
        }
        switch (known, submission) {
        case (true?, _): waiter(.proven)
        case (false?, _): waiter(.wrong)
        case (nil, .start): start(pending)
        case (nil, .waits): break
        case (nil, .busy): waiter(.rejected)
        }
    }

    /// Spares a key just made or rotated its first run of argon2; `secret` is the whole key text.
    public func warm(publicID: PublicID, secret: [UInt8], phc: String) {
        guard let digest = secret.withUnsafeBytes({ digester.digest(of: $0, spread: publicID.spread) }) else { return }
        remember(publicID, Verified(digest: digest, phc: phc))
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

    /// True: proven before. False: another secret was proven for this id. Nil: nothing is known.
    private func recall(_ publicID: PublicID, digest: KeyDigest, phc: String) -> Bool? {
        verified.withLock { verified in
            guard let known = verified[publicID], known.phc == phc || known.nextPHC == phc else { return nil }
            return known.digest.matches(digest)
        }
    }

    private func start(_ pending: PendingCheck) {
        hasher.verify(pending.secret, phc: pending.phc) { [self] result in
            finish(pending, result)
        }
    }

    private func finish(_ pending: PendingCheck, _ result: Result<Bool, KeyHasherError>) {
        let runResult: KeyChecks.RunResult =
            switch result {
            case .success(true): .proven
            case .success(false): .wrong
            case .failure: .rejected
            }
        if runResult == .proven { remember(pending.publicID, Verified(digest: pending.digest, phc: pending.phc)) }
        let now = time.uptime()
        let finish = checks.withLock { $0.finish(pending.publicID, runResult, at: now) }
        if let next = finish.next { start(next) }
        if runResult == .proven, KeyHasher.Cost(phc: pending.phc) != cost { renew(pending) }
        for waiter in finish.answered { waiter(runResult) }
        for waiter in finish.refused { waiter(.wrong) }
        for waiter in finish.busy { waiter(.rejected) }
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

    /// Hashes the secret at today's cost; if no worker is free, the next first sight tries again.
    private func renew(_ pending: PendingCheck) {
        hasher.hash(pending.secret) { [self] result in
            guard case .success(let phc) = result else { return }
            verified.withLock { $0[pending.publicID]?.nextPHC = phc }
            rehash(pending.publicID, phc)
        }
    }

    private func remember(_ publicID: PublicID, _ secret: Verified) {
        let count = verified.withLock { verified in
            verified[publicID] = secret
            return verified.count
        }
        sweepAt.withLock { limit in
            guard count > limit else { return }
            let left = verified.withLock { verified in
                verified = verified.filter { directory.secret(publicID: $0.key) != nil }
                return verified.count
            }
            limit = max(1024, left * 2)
        }
    }

    private func refuse() -> Verdict {
        refusals.add(1, ordering: .relaxed)
        return .refused
    }
}
