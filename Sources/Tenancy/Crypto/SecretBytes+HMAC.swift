import COpenSSL

extension SecretBytes {
    /// HMAC-SHA256 of a message, 32 bytes; nil only if libcrypto cannot compute it.
    public static func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8]? {
        guard let length = Int32(exactly: key.count) else { return nil }
        var digest = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        guard HMAC(EVP_sha256(), key, length, message, message.count, &digest, &written) != nil, written == 32
        else { return nil }
        return digest
    }
}
