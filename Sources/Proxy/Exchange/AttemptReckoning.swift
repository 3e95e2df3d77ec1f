import Billing

/// What an attempt is charged, by how it ended and what it reported; pure.
struct AttemptReckoning: Equatable {
    enum End: Equatable {
        /// The answer came to its end with this status.
        case complete(status: Int)
        /// The call failed; the status is 0 when no head came.
        case failed(UpstreamError.Stage, status: Int)
        /// We hung up because the client had gone; the status is 0 when no head came.
        case abandoned(status: Int)
    }

    let outcome: AttemptOutcome
    private(set) var provenance: Provenance
    private(set) var usage: TokenUsage
    /// True: the whole hold is the cost, whatever the usage.
    let chargesHold: Bool

    private init(
        _ outcome: AttemptOutcome, _ provenance: Provenance, _ usage: TokenUsage = .zero, chargesHold: Bool = false
    ) {
        self.outcome = outcome
        self.provenance = provenance
        self.usage = usage
        self.chargesHold = chargesHold
    }

    /// Puts an estimate where a backend's word leaves out what is charged; `whole` is nil where it does not.
    mutating func complete(_ whole: (TokenUsage) -> TokenUsage?) {
        guard provenance == .reported || provenance == .partial, outcome != .errorStatus, let usage = whole(usage)
        else { return }
        self.usage = usage
        provenance = .estimated
    }

    /// - Parameters:
    ///   - reported: what the backend said was used; it decides wherever there is any.
    ///   - counted: what was used as far as the request or the answer themselves tell it exactly, where that is all
    ///     that counts. An error costs nothing of it.
    ///   - estimate: what was seen of an answer that nobody counted, within the bound.
    static func reckon(
        _ end: End, reported: TokenUsage?, counted: TokenUsage? = nil, onUnanswered: OnUnanswered,
        estimate: () -> TokenUsage
    ) -> AttemptReckoning {
        switch end {
        case .complete(let status) where status >= 400:
            return reported.map { AttemptReckoning(.errorStatus, .reported, $0) }
                ?? AttemptReckoning(.errorStatus, .none)
        case .complete:
            return (reported ?? counted).map { AttemptReckoning(.answered, .reported, $0) }
                ?? AttemptReckoning(.answered, .estimated, estimate())
        case .failed(.notSent, _):
            return AttemptReckoning(.notSent, .none)
        case .failed(.unanswered, _):
            return AttemptReckoning(.unanswered, .none, chargesHold: onUnanswered == .charge)
        case .failed(.broken, let status):
            if status >= 400 { return AttemptReckoning(.errorStatus, .none) }
            return (reported ?? counted).map { AttemptReckoning(.broken, .partial, $0) }
                ?? AttemptReckoning(.broken, .estimated, estimate())
        case .abandoned(let status):
            if status >= 400 { return AttemptReckoning(.errorStatus, .none) }
            return (reported ?? counted).map { AttemptReckoning(.clientGone, .partial, $0) }
                ?? AttemptReckoning(.clientGone, .estimated, estimate())
        }
    }
}
