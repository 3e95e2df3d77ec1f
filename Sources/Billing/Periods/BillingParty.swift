/// Who bills, and the account that is billed as a whole: `billing.*` of the configuration.
public struct BillingParty: Codable, Sendable, Equatable {
    /// Who issues statements.
    public var issuer: String
    /// The operator's account.
    public var accountID: String
    /// Its name.
    public var accountName: String
    /// ISO 4217.
    public let currency: String

    /// A party; the defaults are those of a configuration without `billing`.
    public init(issuer: String = "Tollgate", accountID: String = "acct_main", accountName: String = "Main account") {
        self.issuer = issuer
        self.accountID = accountID
        self.accountName = accountName
        currency = "USD"
    }
}
