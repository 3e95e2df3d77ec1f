public import Tenancy

/// Key texts that no generator makes.
public enum KeyText {
    /// A well-formed key text with that public id and another secret.
    public static func impostor(of publicID: String, _ kind: KeySecret.Kind) -> String {
        let fresh = KeySecret.generate(kind).text
        let prefix = fresh.prefix { $0 != "_" }
        let body = "\(prefix)_\(publicID)_" + fresh.dropFirst(prefix.count + publicID.count + 2).prefix(43)
        return body + checksum(of: body)
    }

    /// CRC-32 (IEEE) in six base-62 digits, computed apart from the product's own.
    private static func checksum(of body: String) -> String {
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        var crc = UInt32.max
        for byte in body.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        crc = ~crc
        return String(
            (0..<6).reversed().map { place in
                digits[Int((0..<place).reduce(crc) { value, _ in value / 62 } % 62)]
            })
    }
}
