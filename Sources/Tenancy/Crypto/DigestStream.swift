import COpenSSL

/// SHA-256 over bytes that come piece by piece.
public struct DigestStream: ~Copyable {
    private let context: OpaquePointer?
    /// Bytes so far.
    public private(set) var count: Int64 = 0

    private var isBroken: Bool

    /// Nothing hashed yet.
    public init() {
        context = EVP_MD_CTX_new()
        isBroken = EVP_DigestInit_ex(context, EVP_sha256(), nil) != 1
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds the next bytes.
    public mutating func add(_ bytes: [UInt8]) {
        count += Int64(bytes.count)
        if EVP_DigestUpdate(context, bytes, bytes.count) != 1 { isBroken = true }
    }

    /// The digest of all bytes, 64 hexadecimal digits; empty if libcrypto failed. Nothing can be added after it.
    public mutating func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        guard !isBroken, EVP_DigestFinal_ex(context, &digest, nil) == 1 else { return "" }
        return SecretBytes.hex(digest)
    }
}
