/// Why a bootstrap credential is not accepted.
public enum AdminCredentialError: Error, Sendable, Equatable {
    /// Fewer than 32 characters.
    case short
    /// Spaces, control or non-ASCII characters.
    case notPrintable
    /// A value copied from documentation, or one that anybody guesses.
    case sample
    /// An admin key: it would let in after its end.
    case issued
}
