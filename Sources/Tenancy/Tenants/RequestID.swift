/// The name of one request: 48 bits of milliseconds, then 80 random bits, so that names sort by time.
public struct RequestID: Hashable, Comparable, Sendable, CustomStringConvertible {
    private static let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"
    private static let prefix: StaticString = "req_"
    private static let digitCount = 26

    /// The upper 64 bits: milliseconds since 1970, then 16 random bits.
    public let high: UInt64
    /// The lower 64 random bits.
    public let low: UInt64

    /// A new id of the given instant.
    public static func make(at instant: Timestamp) -> RequestID {
        var generator = SystemRandomNumberGenerator()
        return make(at: instant, using: &generator)
    }

    /// A new id of the given instant from the caller's source of randomness.
    public static func make(at instant: Timestamp, using generator: inout some RandomNumberGenerator) -> RequestID {
        let milliseconds = UInt64(clamping: instant.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        return RequestID(high: milliseconds << 16 | generator.next() & 0xFFFF, low: generator.next())
    }

    /// The name that comes before all of that millisecond and later.
    public static func lowest(at instant: Timestamp) -> RequestID {
        let milliseconds = UInt64(clamping: instant.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        return RequestID(high: milliseconds << 16, low: 0)
    }

    /// `req_` and 26 base-32 digits.
    public var text: String {
        String(unsafeUninitializedCapacity: Self.prefix.utf8CodeUnitCount + Self.digitCount) { buffer in
            let prefix = UnsafeBufferPointer(start: Self.prefix.utf8Start, count: Self.prefix.utf8CodeUnitCount)
            _ = buffer.update(fromContentsOf: prefix)
            write(to: buffer, after: prefix.count)
            return prefix.count + Self.digitCount
        }
    }

    /// The same as `text`.
    public var description: String { text }

    /// Orders by time.
    public static func < (left: RequestID, right: RequestID) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }

    /// The 128 bits as 26 base-32 digits, most significant first.
    var digits: String {
        String(unsafeUninitializedCapacity: Self.digitCount) { buffer in
            write(to: buffer, after: 0)
            return Self.digitCount
        }
    }

    /// Writes the digits behind the first `offset` bytes of a buffer with room for both.
    private func write(to buffer: UnsafeMutableBufferPointer<UInt8>, after offset: Int) {
        var upper = high
        var lower = low
        for position in stride(from: offset + Self.digitCount - 1, through: offset, by: -1) {
            buffer[position] = Self.alphabet.utf8Start[Int(lower & 31)]
            lower = lower >> 5 | upper << 59
            upper >>= 5
        }
    }
}
