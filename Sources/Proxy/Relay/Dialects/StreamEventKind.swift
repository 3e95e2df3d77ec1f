/// What one event of a stream is.
enum StreamEventKind: Equatable, Sendable {
    /// Part of the answer, or of a type that Tollgate does not know.
    case content
    /// A sign of life only.
    case aside
    /// The end mark.
    case end
    /// The end mark of an answer that failed.
    case failedEnd
    /// The backend reports a failure, and the stream is over.
    case failure
}
