/// A backend as downloads name it.
public struct BackendFact: Codable, Sendable, Equatable {
    /// `be_…`
    public let id: String
    /// What the operator called it.
    public let name: String
    /// The pool it is in.
    public let pool: String
    /// `openai` or `anthropic`.
    public let kind: String
    /// The host of its address.
    public let host: String

    /// A backend as it is now.
    public init(id: String, name: String, pool: String, kind: String, host: String) {
        self.id = id
        self.name = name
        self.pool = pool
        self.kind = kind
        self.host = host
    }
}
