public import Tenancy

/// How one attempt to deliver a message ended.
public struct WebhookAttempt: Sendable, Equatable {
    /// The HTTP status; nil: there was no answer.
    public let status: Int?
    /// What went wrong without an answer.
    public let error: String?
    /// Seconds the receiver asked to be left alone.
    public let retryAfterSeconds: Int64?
    /// When it ended.
    public let endedAt: Timestamp
    /// How long it took.
    public let milliseconds: Int64

    /// An attempt that ended.
    public init(
        status: Int?,
        error: String? = nil,
        retryAfterSeconds: Int64? = nil,
        endedAt: Timestamp,
        milliseconds: Int64
    ) {
        self.status = status
        self.error = error
        self.retryAfterSeconds = retryAfterSeconds
        self.endedAt = endedAt
        self.milliseconds = milliseconds
    }

    /// Only a 2xx says that the message arrived: redirects are not followed.
    public var hasArrived: Bool { status.map { 200..<300 ~= $0 } ?? false }
}
