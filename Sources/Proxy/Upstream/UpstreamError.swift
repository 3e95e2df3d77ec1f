/// An outbound call that did not end with a complete response.
public struct UpstreamError: Error, Sendable, Equatable {
    /// How far the call got, which decides whether it may be tried again and what it costs.
    public enum Stage: Sendable {
        /// The peer never had the whole request.
        case notSent
        /// The whole request left us and no response head came back.
        case unanswered
        /// The call failed after the response head.
        case broken
    }

    /// How far the call got.
    public var stage: Stage
    /// What went wrong.
    public var reason: UpstreamFailureReason
    /// The client's own words, for logs only.
    public var detail: String

    /// An error from its parts.
    public init(stage: Stage, reason: UpstreamFailureReason, detail: String) {
        self.stage = stage
        self.reason = reason
        self.detail = detail
    }

    /// Whether the call ran out of time in any phase.
    public var isTimeout: Bool {
        switch reason {
        case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout, .minimumRate: true
        default: false
        }
    }
}

extension UpstreamError: CustomStringConvertible {
    /// The reason's name, then the client's words if there are any.
    public var description: String {
        detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)"
    }
}
