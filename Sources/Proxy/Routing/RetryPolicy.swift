/// Whether a failed attempt may be followed by another; pure.
struct RetryPolicy: Equatable, Sendable {
    enum Decision: Equatable {
        /// The client is told.
        case answer
        /// Another backend is tried, at no cost: nothing was asked of the one that failed.
        case retry
        /// Another backend is tried if the retry budget has one left.
        case retryFromBudget
    }

    /// Attempts per request at most, the first included, emergency ones apart.
    var maxAttempts = 3

    /// Every fault may be made good elsewhere, but only before the first byte to the client. Once the attempts are
    /// spent, only what would end in a 503 may be, by emergency passthrough.
    func decide(_ fault: AttemptFault, attempts: Int, clientHasBytes: Bool) -> Decision {
        guard !clientHasBytes, !areSpent(attempts) || fault.isExhaustion else { return .answer }
        return fault.kind == .notSent ? .retry : .retryFromBudget
    }

    /// No further attempt is made in the normal order.
    func areSpent(_ attempts: Int) -> Bool { attempts >= maxAttempts }
}
