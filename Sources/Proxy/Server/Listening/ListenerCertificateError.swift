/// Why listeners cannot prove themselves with what they were given.
public enum ListenerCertificateError: Error, Sendable, Equatable {
    /// The chain is no PEM text with certificates.
    case noCertificate
    /// The key is no PEM text with a private key that can be used without a passphrase.
    case noKey
    /// The key is not that of the chain's first certificate, or the two cannot be used for TLS.
    case mismatch
}
