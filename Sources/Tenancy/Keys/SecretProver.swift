import Synchronization

/// Says whether a presented secret belongs to a stored hash: from memory once it was proven, by argon2 the first time.
final class SecretProver: Sendable {
    /// A secret proven in this process.
    private struct Verified {
        let digest: KeyDigest
        let phc: String
        /// The hash of the same secret at today's cost, on its way into the database.
        var nextPHC: String?
    }

    private let hasher: KeyHasher
    private let cost: KeyHasher.Cost
    private let time: any TimeSource
    private let isKnown: @Sendable (PublicID) -> Bool
    private let rehash: @Sendable (PublicID, String) -> Void
    private let digester = KeyDigester()
    private let verified = Mutex<[PublicID: Verified]>([:])
    private let checks = Mutex(KeyChecks())
    /// Proven secrets kept before those that are not known any more are swept out.
    private let sweepAt = Mutex(1024)

    /// `rehash` receives a new PHC string, on a worker, when a proven secret was hashed at another cost.
    init(
        hasher: KeyHasher,
        cost: KeyHasher.Cost,
        time: any TimeSource,
        isKnown: @escaping @Sendable (PublicID) -> Bool,
        rehash: @escaping @Sendable (PublicID, String) -> Void
    ) {
        self.hasher = hasher
        self.cost = cost
        self.time = time
        self.isKnown = isKnown
        self.rehash = rehash
    }

    /// The keyed digest of a whole key text; nil only if libcrypto cannot compute it.
    func digest(of presented: UnsafeRawBufferPointer, _ publicID: PublicID) -> KeyDigest? {
        digester.digest(of: presented, spread: publicID.spread)
    }

    /// True: proven before. False: another secret was proven for this id. Nil: nothing is known.
    func recall(_ publicID: PublicID, digest: KeyDigest, phc: String) -> Bool? {
        verified.withLock { verified in
            guard let known = verified[publicID], known.phc == phc || known.nextPHC == phc else { return nil }
            return known.digest.matches(digest)
        }
    }

    /// Lets argon2 judge; `waiter` is called once, on a worker, or before this returns if the answer is known.
    func check(_ pending: PendingCheck, then waiter: @escaping KeyChecks.Waiter) {
        let now = time.uptime()
        let (known, submission) = checks.withLock { checks -> (Bool?, KeyChecks.Submission) in
            // A run that ended since the secret was presented may have proven it already.
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
    func warm(publicID: PublicID, secret: [UInt8], phc: String) {
        guard let digest = secret.withUnsafeBytes({ digest(of: $0, publicID) }) else { return }
        remember(publicID, Verified(digest: digest, phc: phc))
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
        let finish = checks.withLock { $0.finish(pending.lane, runResult, at: now) }
        if let next = finish.next { start(next) }
        if runResult == .proven, KeyHasher.Cost(phc: pending.phc) != cost { renew(pending) }
        for waiter in finish.answered { waiter(runResult) }
        for waiter in finish.refused { waiter(.wrong) }
        for waiter in finish.busy { waiter(.rejected) }
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
                verified = verified.filter { isKnown($0.key) }
                return verified.count
            }
            limit = max(1024, left * 2)
        }
    }
}
