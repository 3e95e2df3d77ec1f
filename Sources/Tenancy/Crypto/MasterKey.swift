/// The key that seals backend credentials in the database: AES-256-GCM with a context that binds each to its place.
public struct MasterKey: Sendable, CustomStringConvertible, CustomReflectable {
    private static let keyLength = 32
    private static let nonceLength = 12
    private static let tagLength = 16

    private static let checkMessage = Array("tollgate master key check 1".utf8)

    private let bytes: [UInt8]
    /// A value that only this key produces and that does not give it away: stored to detect a wrong key.
    public let checkValue: [UInt8]
    /// Which of its database's master keys it is, from 1; what it sealed names it.
    public private(set) var version = 1
    /// Other keys of the same database, which still open what they sealed.
    private var others: [MasterKey] = []

    /// A key of 32 bytes in base 64, white space around it ignored.
    public init(base64 text: String) throws(MasterKeyError) {
        let whitespace: Set<Character> = [" ", "\t", "\n", "\r", "\r\n"]
        let trimmed = text.drop { whitespace.contains($0) }.reversed().drop { whitespace.contains($0) }.reversed()
        guard let bytes = Base64.decode(String(trimmed)) else { throw .malformed }
        try self.init(bytes)
    }

    private init(_ bytes: [UInt8]) throws(MasterKeyError) {
        guard bytes.count >= Self.keyLength else { throw .short }
        guard bytes.count == Self.keyLength else { throw .malformed }
        guard !Self.isSample(bytes) else { throw .sample }
        self.bytes = bytes
        checkValue = try Self.digest(of: Self.checkMessage, under: bytes)
    }

    /// A new key in base 64.
    public static func generate() -> String {
        while true {
            let bytes = SecretBytes.random(keyLength)
            if !isSample(bytes) { return Base64.encode(bytes) }
        }
    }

    /// A fresh random nonce, the encrypted bytes and the tag; opens only with the same context.
    public func seal(_ plaintext: [UInt8], context: String) throws(MasterKeyError) -> [UInt8] {
        let nonce = SecretBytes.random(Self.nonceLength)
        guard let cipher = Cipher(key: bytes, nonce: nonce, encrypts: true),
            let sealed = cipher.run(plaintext, context: context),
            let tag = cipher.tag(length: Self.tagLength)
        else { throw .sealFailed }
        return nonce + sealed + tag
    }

    /// What was sealed, provided key and context are the same and no bit has changed.
    public func open(_ sealed: [UInt8], context: String) throws(MasterKeyError) -> [UInt8] {
        guard sealed.count >= Self.nonceLength + Self.tagLength else { throw .openFailed }
        let nonce = Array(sealed.prefix(Self.nonceLength))
        let tag = Array(sealed.suffix(Self.tagLength))
        let body = Array(sealed.dropFirst(Self.nonceLength).dropLast(Self.tagLength))
        guard let cipher = Cipher(key: bytes, nonce: nonce, encrypts: false),
            cipher.expect(tag: tag),
            let plaintext = cipher.run(body, context: context)
        else { throw .openFailed }
        return plaintext
    }

    // MARK: Several keys of one database

    /// The same key under another number.
    public func numbered(_ version: Int) -> MasterKey {
        var key = self
        key.version = version
        return key
    }

    /// The same key, with another one at hand for what that one sealed.
    public func knowing(_ other: MasterKey) -> MasterKey {
        var key = self
        key.others.append(other.alone)
        return key
    }

    /// The same key, and no other.
    public var alone: MasterKey {
        var key = self
        key.others = []
        return key
    }

    /// The key of a number among those at hand; nil if it is none of them.
    public func key(version: Int) -> MasterKey? {
        self.version == version ? self : others.first { $0.version == version }
    }

    /// Another key, sealed under this one.
    public func wrap(_ other: MasterKey) throws(MasterKeyError) -> [UInt8] {
        try seal(other.bytes, context: Self.wrapContext)
    }

    /// The key that `wrap` sealed, under this key or another one at hand. Throws `openFailed`, or why it is no key.
    public func unwrap(_ wrapped: [UInt8]) throws(MasterKeyError) -> MasterKey {
        for key in [self] + others {
            guard let bytes = try? key.open(wrapped, context: Self.wrapContext) else { continue }
            return try MasterKey(bytes)
        }
        throw .openFailed
    }

    private static let wrapContext = "master_key|wrapped"

    /// A digest that nobody computes or guesses at without this key: HMAC-SHA256, 32 bytes. Begin the message with
    /// what it is for.
    public func digest(of message: [UInt8]) throws(MasterKeyError) -> [UInt8] {
        try Self.digest(of: message, under: bytes)
    }

    /// Never the key itself, so that logs may hold a configuration.
    public var description: String { "MasterKey" }

    /// Empty, for the same reason.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }

    private static func digest(of message: [UInt8], under key: [UInt8]) throws(MasterKeyError) -> [UInt8] {
        guard let digest = SecretBytes.hmacSHA256(key: key, message) else { throw .digestFailed }
        return digest
    }

    /// A random key with fewer than 16 different bytes turns up once in 10^13 draws; repeated, counted or typed ones
    /// nearly always.
    private static func isSample(_ bytes: [UInt8]) -> Bool {
        let steps = Set(zip(bytes, bytes.dropFirst()).map { $1 &- $0 })
        let isText = bytes.allSatisfy { (0x20...0x7E).contains($0) }
        return Set(bytes).count < 16 || steps.count < 8 || isText
    }
}
