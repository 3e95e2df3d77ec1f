/// What is stored of one secret of a key: never the secret itself.
public struct KeySecretRecord: Sendable, Equatable {
    /// The public part a client presents with the secret.
    public var publicID: String
    /// The key it belongs to.
    public var keyID: ID<APIKey>
    /// The argon2id hash of the whole key text as a PHC string.
    public var phc: String
    /// From this instant on the secret admits nothing; nil while it is current.
    public var notAfter: Timestamp?

    /// A record as it is stored.
    public init(publicID: String, keyID: ID<APIKey>, phc: String, notAfter: Timestamp? = nil) {
        self.publicID = publicID
        self.keyID = keyID
        self.phc = phc
        self.notAfter = notAfter
    }

    /// Whether the secret may be used at the instant.
    public func isUsable(at instant: Timestamp) -> Bool {
        guard let notAfter else { return true }
        return instant < notAfter
    }
}
