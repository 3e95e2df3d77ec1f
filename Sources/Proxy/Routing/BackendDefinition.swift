public import Tenancy

/// A backend as the operator set it: one upstream endpoint with one credential.
public struct BackendDefinition: Sendable, Equatable {
    /// `be_…`.
    public let id: ID<BackendDefinition>
    /// The pool it serves.
    public let pool: String
    /// Unique among all backends.
    public var name: String
    /// The API it speaks.
    public var kind: BackendKind
    /// Where its API lives, `/v1` included, without a trailing slash.
    public var baseURL: String
    /// Its credential, sealed under `keyContext`; nil: none is sent.
    public var sealedKey: [UInt8]?
    /// The version of the master key that sealed `sealedKey`.
    public var keyVersion = 1
    /// Its share under the `weighted` policy, >= 1.
    public var weight = 1
    /// Attempts it takes at once; nil: any number.
    public var maxConcurrency: Int?
    /// Requests a minute it takes; nil: any number.
    public var rpm: Int?
    /// Milliseconds for the connection, TLS included.
    public var connectMS: Int64 = 5000
    /// Milliseconds from the request to the answer's head.
    public var firstByteMS: Int64 = 300_000
    /// Milliseconds without a byte.
    public var idleMS: Int64 = 120_000
    /// Milliseconds for the whole attempt.
    public var totalMS: Int64 = 600_000
    /// Bytes a second, measured over half a minute, below which an answer that trickles is given up; 0: no limit.
    public var minRate: Int64 = 0
    /// How its health is asked for; nil: passive health only.
    public var probe: ProbeDefinition?
    /// What a client's disconnect does to its attempts.
    public var onDisconnect: OnDisconnect = .abort
    /// What an unanswered attempt costs.
    public var onUnanswered: OnUnanswered = .release
    /// Takes no new attempts.
    public var draining = false

    /// A backend with the contract's defaults; the rest is set field by field.
    public init(id: ID<BackendDefinition>, pool: String, name: String, kind: BackendKind, baseURL: String) {
        self.id = id
        self.pool = pool
        self.name = name
        self.kind = kind
        self.baseURL = baseURL
    }

    /// What `sealedKey` is bound to: moved to another row, column or origin it no longer opens.
    public var keyContext: String {
        let origin = BackendAddress(baseURL)?.origin ?? baseURL
        return "\(id.text)|api_key|\(keyVersion)|\(origin)"
    }

    /// The backend's credential in clear; nil if it has none. Throws what `MasterKey.open` throws.
    public func openKey(with masterKey: MasterKey) throws -> [UInt8]? {
        guard let sealedKey else { return nil }
        guard let key = masterKey.key(version: keyVersion) else { throw MasterKeyError.openFailed }
        return try key.open(sealedKey, context: keyContext)
    }

    /// The header that carries its credential; nil if it has none. Throws what `openKey` throws.
    func credential(with masterKey: MasterKey) throws -> (name: String, value: String)? {
        try openKey(with: masterKey).map { bytes in
            let key = String(decoding: bytes, as: UTF8.self)
            return kind == .anthropic ? ("x-api-key", key) : ("authorization", "Bearer " + key)
        }
    }

    /// Seals a new credential for this row; call it after `baseURL` has its final value.
    public mutating func seal(key: [UInt8], with masterKey: MasterKey) throws {
        keyVersion = masterKey.version
        sealedKey = try masterKey.seal(key, context: keyContext)
    }
}
