/// The name of a stored resource, e.g. `ten_…` or `key_…`; typed by what it names so that two kinds never mix.
public struct ID<Resource>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The whole identifier as clients see it.
    public let text: String

    /// Wraps an identifier read from storage or from a client; unknown ones simply match nothing.
    public init(_ text: String) {
        self.text = text
    }

    /// A new identifier that sorts after all earlier ones: `prefix` + `_` + 26 base-32 digits.
    public static func make(prefix: String, at instant: Timestamp) -> ID {
        ID(prefix + "_" + RequestID.make(at: instant).digits)
    }

    /// The text, so that logs and SQL arguments can take it as it is.
    public var description: String { text }

    /// Hashes the last eight bytes alone, where they are: the gateway made them, and made them at random.
    public func hash(into hasher: inout Hasher) {
        let tail = text.utf8.withContiguousStorageIfAvailable { bytes -> UInt64? in
            guard bytes.count >= 8 else { return nil }
            return UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        }
        if case let tail?? = tail { hasher.combine(tail) } else { hasher.combine(text) }
    }

    /// Orders by text, which is the order of creation.
    public static func < (left: ID, right: ID) -> Bool { left.text < right.text }
}
