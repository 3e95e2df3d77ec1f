/// How an attempt at a backend ended.
public enum AttemptOutcome: String, CaseIterable, Sendable {
    /// A whole answer came.
    case answered
    /// The answer broke off or was malformed.
    case broken
    /// The request was sent and no answer began.
    case unanswered
    /// The request never reached the backend.
    case notSent = "not_sent"
    /// The backend refused with an error status.
    case errorStatus = "error_status"
    /// The client went away before the answer was whole.
    case clientGone = "client_gone"
}
