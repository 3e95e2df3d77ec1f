/// Whether a failed attempt may be followed by another; pure.
struct RetryPolicy: Equatable, Sendable {
    /// Attempts per request at most, the first included.
    var maxAttempts = 3

    /// Only failures that left nothing at the backend are tried again, and only before the first byte to the client.
    func mayRetry(_ error: UpstreamError, attempt: Int, clientHasBytes: Bool) -> Bool {
        !clientHasBytes && attempt < maxAttempts && error.stage == .notSent
    }
}
