/// What a backend said when it was asked for its health.
public struct ProbeResult: Sendable, Equatable {
    /// It answered with a success.
    public let passed: Bool
    /// The HTTP status; nil when there was none.
    public let status: Int?
    /// How long it took.
    public let milliseconds: Int64
    /// Why it did not answer; nil when it did.
    public let error: String?
}
