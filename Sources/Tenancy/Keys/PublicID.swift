/// The public part of a key: ten base-62 digits in one integer, so that look-ups are cheap.
public struct PublicID: Hashable, Sendable, CustomStringConvertible {
    /// Number of digits.
    public static let length = 10

    /// Six bits a digit, the first digit on top.
    private let packed: UInt64

    /// The id in exactly ten base-62 digits; nil for anything else.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        var packed: UInt64 = 0
        for byte in bytes {
            let value = Base62.values[Int(byte)]
            guard value != 255 else { return nil }
            packed = packed << 6 | UInt64(value)
        }
        self.packed = packed
    }

    /// The ten digits.
    public var text: String {
        String(unsafeUninitializedCapacity: Self.length) { buffer in
            for position in 0..<Self.length {
                let value = Int(packed >> UInt64(6 * (Self.length - 1 - position)) & 63)
                buffer[position] = Base62.digits[value]
            }
            return Self.length
        }
    }

    /// The same as `text`.
    public var description: String { text }

    /// Spreads ids over table rows.
    var spread: Int { Int(truncatingIfNeeded: packed & 0xFFFF) }
}
