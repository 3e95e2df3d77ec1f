/// Ceilings on what a tenant or a key may ask for; nil is no ceiling.
public struct Quota: Sendable, Equatable {
    /// Requests a minute.
    public var rpm: Int64?
    /// Tokens a minute.
    public var tpm: Int64?
    /// Requests a calendar day in the tenant's zone.
    public var rpd: Int64?
    /// Tokens a calendar day in the tenant's zone.
    public var tpd: Int64?
    /// Requests between admission and finish.
    public var concurrency: Int64?

    /// No ceiling at all.
    public static let none = Quota()

    /// Ceilings as named; absent ones do not bind.
    public init(
        rpm: Int64? = nil,
        tpm: Int64? = nil,
        rpd: Int64? = nil,
        tpd: Int64? = nil,
        concurrency: Int64? = nil
    ) {
        self.rpm = rpm
        self.tpm = tpm
        self.rpd = rpd
        self.tpd = tpd
        self.concurrency = concurrency
    }

    /// Whether nothing binds.
    public var isEmpty: Bool { rpm == nil && tpm == nil && concurrency == nil && !hasDays }

    /// Whether a calendar day must be counted.
    public var hasDays: Bool { rpd != nil || tpd != nil }
}
