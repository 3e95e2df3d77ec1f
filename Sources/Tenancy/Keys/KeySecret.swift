/// The text form of keys: `tg_<public id: 10>_<secret: 43><crc32: 6>`, all base 62.
public enum KeySecret {
    /// Whose credential a key text is.
    public enum Kind: Sendable {
        /// `tg_…`: a tenant's key on the data plane.
        case tenant
        /// `tga_…`: an operator's key on the Admin API.
        case admin

        fileprivate var prefix: StaticString {
            switch self {
            case .tenant: "tg_"
            case .admin: "tga_"
            }
        }
    }

    private static let secretLength = 43
    private static let checksumLength = 6

    /// A new key text, shown once, with its public id.
    public static func generate(_ kind: Kind = .tenant) -> (text: String, publicID: PublicID) {
        while true {
            let digits = Base62.random(count: PublicID.length)
            guard let publicID = PublicID(digits) else { continue }
            let body = Array("\(kind.prefix)".utf8) + digits + [UInt8(ascii: "_")] + Base62.random(count: secretLength)
            let checksum = body.withUnsafeBytes { Base62.padded(CRC32.checksum($0), count: checksumLength) }
            return (String(decoding: body + checksum, as: UTF8.self), publicID)
        }
    }

    /// The public id of a well-formed key text; nil if grammar or checksum is wrong. Allocates nothing.
    public static func parse(_ bytes: UnsafeRawBufferPointer, kind: Kind = .tenant) -> PublicID? {
        let prefix = kind.prefix
        let start = prefix.utf8CodeUnitCount
        let secretStart = start + PublicID.length + 1
        let checksumStart = secretStart + secretLength
        guard bytes.count == checksumStart + checksumLength,
            bytes[..<start].elementsEqual(UnsafeBufferPointer(start: prefix.utf8Start, count: start)),
            bytes[secretStart - 1] == UInt8(ascii: "_"),
            let publicID = PublicID(bytes[start..<secretStart - 1]),
            let stated = checksum(in: bytes, secretStart: secretStart, checksumStart: checksumStart)
        else { return nil }
        let actual = CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<checksumStart]))
        return UInt64(actual) == stated ? publicID : nil
    }

    /// The stated checksum, provided that secret and checksum are digits.
    private static func checksum(
        in bytes: UnsafeRawBufferPointer,
        secretStart: Int,
        checksumStart: Int
    ) -> UInt64? {
        Base62.values.withUnsafeBufferPointer { values in
            for index in secretStart..<checksumStart where values[Int(bytes[index])] == 255 { return nil }
            var number: UInt64 = 0
            for index in checksumStart..<bytes.count {
                let value = values[Int(bytes[index])]
                guard value != 255 else { return nil }
                number = number * 62 + UInt64(value)
            }
            return number
        }
    }
}
