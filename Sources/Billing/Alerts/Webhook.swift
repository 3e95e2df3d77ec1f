public import Tenancy

/// An address that hears of events, and the sealed secret its messages are signed with.
public struct Webhook: Sendable, Equatable {
    /// Webhooks there may be.
    public static let countAtMost = 50

    /// `whk_…`
    public let id: ID<Webhook>
    /// Where messages go; it never changes, as the secret is bound to it.
    public let url: String
    /// The events it wants, as `AlertEvent.Kind` names them.
    public let events: [String]
    /// Its secret, sealed under `secretContext`.
    public private(set) var sealedSecret: [UInt8] = []
    /// The version of the master key that sealed it.
    public var keyVersion = 1
    /// When it was made.
    public let createdAt: Timestamp
    /// When the first of the failures since its last success was; nil: the last message arrived.
    public internal(set) var failingSince: Timestamp?
    /// When it was given up; nil: messages are sent to it.
    public internal(set) var disabledAt: Timestamp?
    /// Why it was given up.
    public internal(set) var disabledReason: String?
    /// Messages that found too many others waiting.
    public internal(set) var dropped: Int64 = 0

    /// A webhook without its secret; seal that next.
    public init(id: ID<Webhook>, url: String, events: [String], createdAt: Timestamp) {
        self.id = id
        self.url = url
        self.events = events
        self.createdAt = createdAt
    }

    init(
        id: ID<Webhook>,
        url: String,
        events: [String],
        sealedSecret: [UInt8],
        keyVersion: Int,
        createdAt: Timestamp
    ) {
        self.init(id: id, url: url, events: events, createdAt: createdAt)
        self.sealedSecret = sealedSecret
        self.keyVersion = keyVersion
    }

    /// What the secret is bound to: moved to another row, column or address it no longer opens.
    public var secretContext: String { "\(id.text)|secret|\(keyVersion)|\(url)" }

    /// The secret in clear. Throws what `MasterKey.open` throws.
    public func openSecret(with masterKey: MasterKey) throws -> [UInt8] {
        guard let key = masterKey.key(version: keyVersion) else { throw MasterKeyError.openFailed }
        return try key.open(sealedSecret, context: secretContext)
    }

    /// Seals a new secret for this row.
    public mutating func seal(secret: [UInt8], with masterKey: MasterKey) throws {
        keyVersion = masterKey.version
        sealedSecret = try masterKey.seal(secret, context: secretContext)
    }
}
