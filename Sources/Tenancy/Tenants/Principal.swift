/// The proven tenant and key of a request, as they were when it was authenticated.
public struct Principal: Sendable {
    /// Who pays.
    public let tenant: TenantProfile
    /// Which of its keys was presented.
    public let key: KeyProfile
    /// Which secret of the key was presented, where one was.
    public let secret: PublicID?

    /// A pair whose key belongs to the tenant.
    public init(tenant: TenantProfile, key: KeyProfile, secret: PublicID? = nil) {
        self.tenant = tenant
        self.key = key
        self.secret = secret
    }
}
