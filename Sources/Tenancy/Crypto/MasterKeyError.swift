/// Why a master key was refused, or did not open what it was given.
public enum MasterKeyError: Error, Sendable {
    /// Not base 64, or longer than 32 bytes.
    case malformed
    /// Fewer than 32 bytes.
    case short
    /// A value from documentation, or one nobody drew at random.
    case sample
    /// libcrypto could not encrypt.
    case sealFailed
    /// libcrypto could not compute a digest.
    case digestFailed
    /// Sealed under another key or for another context, or damaged.
    case openFailed
}
