/// Proves whose admin key was presented: from memory once it has been seen, by argon2 the first time.
///
/// At each address one run of argon2 goes at a time, at most five a second, so that whoever guesses waits behind
/// themselves; give it a hasher that nobody else floods.
public final class AdminKeyRing: Sendable {
    /// What can be said of a presented key.
    public enum Verdict: Sendable {
        case accepted(AdminKey)
        /// For a reason the caller is not told.
        case refused
        /// Too many checks wait at that address.
        case busy
    }

    /// Who there is.
    public let directory: AdminKeyDirectory
    private let time: any TimeSource
    private let prover: SecretProver

    /// `rehash` receives a new PHC string, on a worker, when a proven secret was hashed at another cost.
    public init(
        directory: AdminKeyDirectory,
        hasher: KeyHasher,
        cost: KeyHasher.Cost,
        time: any TimeSource,
        rehash: @escaping @Sendable (PublicID, String) -> Void
    ) {
        self.directory = directory
        self.time = time
        prover = SecretProver(
            hasher: hasher, cost: cost, time: time, isKnown: { directory.key(publicID: $0) != nil }, rehash: rehash)
    }

    /// Judges a presented key; `address` is where the caller is.
    public func authenticate(_ presented: Substring, address: String) async -> Verdict {
        let secret = Array(presented.utf8)
        let parsed = secret.withUnsafeBytes { bytes -> (PublicID, KeyDigest)? in
            guard let publicID = KeySecret.parse(bytes, kind: .admin),
                let digest = prover.digest(of: bytes, publicID)
            else { return nil }
            return (publicID, digest)
        }
        guard let (publicID, digest) = parsed, let key = usable(publicID) else { return .refused }
        if let isRight = prover.recall(publicID, digest: digest, phc: key.phc) {
            return isRight ? .accepted(key) : .refused
        }
        let pending = PendingCheck(
            publicID: publicID, secret: secret, phc: key.phc, digest: digest, clientAddress: nil,
            lane: .address(address))
        let result = await withCheckedContinuation { continuation in
            prover.check(pending) { continuation.resume(returning: $0) }
        }
        switch result {
        case .rejected: return .busy
        case .wrong: return .refused
        // It may have been revoked while it waited.
        case .proven: return usable(publicID).map { .accepted($0) } ?? .refused
        }
    }

    /// Spares a key just made its first run of argon2; `secret` is the whole key text.
    public func warm(publicID: PublicID, secret: [UInt8], phc: String) {
        prover.warm(publicID: publicID, secret: secret, phc: phc)
    }

    private func usable(_ publicID: PublicID) -> AdminKey? {
        directory.key(publicID: publicID).flatMap { $0.isUsable(at: time.now()) ? $0 : nil }
    }
}
