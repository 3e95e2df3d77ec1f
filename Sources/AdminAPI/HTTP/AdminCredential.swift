import Tenancy

/// The bootstrap credential: proves the operator until admin keys exist.
public struct AdminCredential: Sendable {
    private static let samples = ["change-me", "changeme", "change_me", "example", "sample", "placeholder", "insecure"]

    private let digest: [UInt8]

    /// Refuses fewer than 32 bytes, anything but printable ASCII, values that look copied from an example, and admin
    /// keys: one that was revoked or has expired would still let in as the bootstrap credential.
    public init(_ text: String) throws(AdminCredentialError) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 32 else { throw .short }
        guard bytes.allSatisfy({ 0x21...0x7E ~= $0 }) else { throw .notPrintable }
        let lowered = text.lowercased()
        guard Set(bytes).count >= 8, !Self.samples.contains(where: { lowered.contains($0) }) else { throw .sample }
        guard bytes.withUnsafeBytes({ KeySecret.parse($0, kind: .admin) }) == nil else { throw .issued }
        digest = SecretBytes.sha256(bytes)
    }

    /// Compares in constant time, whatever the length.
    func matches(_ presented: Substring) -> Bool {
        SecretBytes.constantTimeEquals(SecretBytes.sha256(Array(presented.utf8)), digest)
    }
}
