/// The IEEE 802.3 checksum: tells a mistyped key from a wrong one without asking argon2, and a torn record from a whole
/// one.
public enum CRC32 {
    /// What a byte does to the checksum, and in the further rows what it does with one, two and three bytes behind it.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = (0..<256).map { index in
            (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        for index in 256..<1024 {
            let before = tables[index - 256]
            tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
        }
        return tables
    }()

    /// The checksum of all bytes.
    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var value = UInt32.max
            var place = 0
            // Four bytes at a time: each look into the tables of a single byte waits for the one before.
            while place + 4 <= bytes.count {
                value ^= UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                let far = tables[768 + Int(value & 0xFF)] ^ tables[512 + Int(value >> 8 & 0xFF)]
                let near = tables[256 + Int(value >> 16 & 0xFF)] ^ tables[Int(value >> 24)]
                value = far ^ near
                place += 4
            }
            while place < bytes.count {
                value = value >> 8 ^ tables[Int((value ^ UInt32(bytes[place])) & 0xFF)]
                place += 1
            }
            return ~value
        }
    }
}
