/// A client key as downloads name it.
public struct KeyFact: Codable, Sendable, Equatable {
    /// `key_…`
    public let id: String
    /// Whose it is, `ten_…`.
    public let tenantID: String
    /// What the operator called it.
    public let name: String
    /// Labels for reports.
    public let tags: [String: String]

    /// A key as it is now.
    public init(id: String, tenantID: String, name: String, tags: [String: String]) {
        self.id = id
        self.tenantID = tenantID
        self.name = name
        self.tags = tags
    }
}
