/// A well-formed key of a known id that only argon2 can judge.
public struct PendingCheck: Sendable {
    let publicID: PublicID
    let secret: [UInt8]
    let phc: String
    let digest: KeyDigest
    let clientAddress: String?
    /// Whom it waits with; by default those who present the same key.
    let lane: CheckLane

    init(
        publicID: PublicID, secret: [UInt8], phc: String, digest: KeyDigest, clientAddress: String?,
        lane: CheckLane? = nil
    ) {
        self.publicID = publicID
        self.secret = secret
        self.phc = phc
        self.digest = digest
        self.clientAddress = clientAddress
        self.lane = lane ?? .key(publicID)
    }
}
