/// Finds bytes eight at a time.
enum ByteSearch {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The place of the first of two bytes at or after `start`; the count of `bytes` when there is none.
    @inline(__always)
    static func first(_ one: UInt8, _ other: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let (ones, others) = (Self.ones &* UInt64(one), Self.ones &* UInt64(other))
        var position = start
        while position &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let left = word ^ ones
            let right = word ^ others
            // A borrow only reaches bytes above a hit, so the lowest hit is exact.
            let hits = ((left &- Self.ones) & ~left | (right &- Self.ones) & ~right) & highBits
            if hits != 0 { return position &+ hits.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < bytes.count, bytes[position] != one, bytes[position] != other { position += 1 }
        return position
    }
}
