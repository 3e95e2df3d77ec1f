import Tenancy

/// Signs messages as Standard Webhooks wants it, version 1: HMAC-SHA256 over id, seconds and body.
enum WebhookSignature {
    /// Bytes of a new secret.
    static let secretLength = 32
    private static let prefix = "whsec_"

    /// A secret as its receiver is given it.
    static func text(_ secret: [UInt8]) -> String { prefix + Base64.encode(secret) }

    /// The headers that name and sign one attempt; nil if libcrypto fails, and never for an empty secret.
    static func headers(id: String, at instant: Timestamp, body: String, secret: [UInt8]) -> [(String, String)]? {
        let seconds = String(instant.seconds)
        guard !secret.isEmpty,
            let signature = SecretBytes.hmacSHA256(key: secret, Array("\(id).\(seconds).\(body)".utf8))
        else { return nil }
        return [
            ("webhook-id", id), ("webhook-timestamp", seconds), ("webhook-signature", "v1," + Base64.encode(signature)),
        ]
    }
}
