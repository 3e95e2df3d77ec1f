/// A well-formed key of a known id that only argon2 can judge.
public struct PendingCheck: Sendable {
    let publicID: PublicID
    let secret: [UInt8]
    let phc: String
    let digest: KeyDigest
    let clientAddress: String?
}
