/// The answer to a request that was made under an idempotency key, kept for its repetition.
public struct IdempotencyRecord: Sendable, Equatable {
    /// Who made the request; keys of different callers never meet.
    public var actor: String
    /// As the caller chose it.
    public var key: String
    /// A keyed digest of method, path and body, 32 bytes.
    public var digest: [UInt8]
    /// The answer's status.
    public var status: Int
    /// The answer's body without secrets; nil if it had none.
    public var body: String?
    /// When it was kept.
    public var createdAt: Timestamp

    /// A record to be kept.
    public init(actor: String, key: String, digest: [UInt8], status: Int, body: String?, createdAt: Timestamp) {
        self.actor = actor
        self.key = key
        self.digest = digest
        self.status = status
        self.body = body
        self.createdAt = createdAt
    }
}
