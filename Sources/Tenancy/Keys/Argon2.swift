import CArgon2

/// The argon2id function itself; takes tens of milliseconds and the cost's memory.
enum Argon2 {
    private static let saltLength = 16
    private static let hashLength = 32

    /// A PHC string with a fresh salt.
    static func hash(_ secret: [UInt8], cost: KeyHasher.Cost) throws(KeyHasherError) -> String {
        guard cost.isBearable else { throw .failed }
        let salt = SecretBytes.random(saltLength)
        let capacity = argon2_encodedlen(
            cost.iterations, cost.memoryKiB, cost.parallelism, UInt32(saltLength), UInt32(hashLength), Argon2_id)
        var encoded = [CChar](repeating: 0, count: capacity)
        let status = argon2id_hash_encoded(
            cost.iterations, cost.memoryKiB, cost.parallelism, secret, secret.count, salt, salt.count, hashLength,
            &encoded, encoded.count)
        guard status == ARGON2_OK.rawValue else { throw .failed }
        return String(decoding: encoded.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether the secret is the hashed one.
    static func verify(_ secret: [UInt8], phc: String) throws(KeyHasherError) -> Bool {
        // A damaged row must not make the process ask for terabytes.
        guard let cost = KeyHasher.Cost(phc: phc), cost.isBearable else { throw .failed }
        switch argon2id_verify(phc, secret, secret.count) {
        case ARGON2_OK.rawValue: return true
        case ARGON2_VERIFY_MISMATCH.rawValue: return false
        default: throw .failed
        }
    }
}
