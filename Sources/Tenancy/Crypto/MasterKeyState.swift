/// What a database says of its master key: which one seals what it holds and, while a rotation is unfinished, which one
/// did before.
public struct MasterKeyState: Sendable, Equatable {
    /// The key before, which is still good until the rotation is finished.
    public struct Former: Sendable, Equatable {
        /// Proves it.
        public let check: [UInt8]
        /// The present key, sealed under it.
        public let wrapped: [UInt8]

        /// A former key by its proof and what it opens.
        public init(check: [UInt8], wrapped: [UInt8]) {
            self.check = check
            self.wrapped = wrapped
        }
    }

    /// Proves the present key; nil before the first start.
    public var check: [UInt8]?
    /// Which key it is, from 1.
    public var version: Int
    /// Nil unless a rotation is unfinished.
    public var former: Former?

    /// The state of a database that no gateway has run on, or what is given.
    public init(check: [UInt8]? = nil, version: Int = 1, former: Former? = nil) {
        self.check = check
        self.version = version
        self.former = former
    }

    /// The present key, from whichever of the two is given; nil if the given one is neither.
    public func key(from given: MasterKey) -> MasterKey? {
        guard let check else { return given.numbered(version) }
        if SecretBytes.constantTimeEquals(check, given.checkValue) { return given.numbered(version) }
        guard isFormer(given), let former, let present = try? given.unwrap(former.wrapped),
            SecretBytes.constantTimeEquals(check, present.checkValue)
        else { return nil }
        return present.numbered(version).knowing(given.numbered(version - 1))
    }

    /// Whether a key is the one before, and still good.
    public func isFormer(_ key: MasterKey) -> Bool {
        former.map { SecretBytes.constantTimeEquals($0.check, key.checkValue) } ?? false
    }
}
