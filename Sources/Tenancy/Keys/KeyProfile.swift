/// A key with its secrets and ceilings; replaced as a whole on every change.
public final class KeyProfile: Sendable {
    /// The key as stored.
    public let key: APIKey
    /// Its secrets, the newest first; rotation leaves the older ones for a grace period.
    public let secrets: [KeySecretRecord]
    /// Its own ceilings, beside those of its tenant.
    public let quota: Quota
    /// The parsed `allowedIPs`; one that cannot be parsed matches nothing.
    private let addressRanges: [AddressRange]

    /// A profile as read from the database in one transaction.
    public init(key: APIKey, secrets: [KeySecretRecord], quota: Quota = .none) {
        self.key = key
        self.secrets = secrets
        self.quota = quota
        addressRanges = key.allowedIPs.compactMap(AddressRange.init)
    }

    /// Whether the key may be used from the address; an unknown address is refused where ranges are set.
    public func allows(address: String?) -> Bool {
        if key.allowedIPs.isEmpty { return true }
        guard let address else { return false }
        return addressRanges.contains { $0.contains(address) }
    }
}
