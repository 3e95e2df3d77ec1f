/// What a `HeadGuard` refuses a request with.
public struct HeadRefusal: Sendable {
    /// The status code.
    public let status: Int
    /// The status in words.
    public let reason: String
    /// For programs.
    public let code: String
    /// For people.
    public let message: String
    /// The request's target as it came; empty where no head came.
    public let target: String
}
