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

    public var stage: Stage
    public var reason: UpstreamFailureReason
    /// libcurl's own words, for logs only.
    public var detail: String

    public init(stage: Stage, reason: UpstreamFailureReason, detail: String) {
        self.stage = stage
        self.reason = reason
        self.detail = detail
    }

    /// Whether the call ran out of time in any phase.
    public var isTimeout: Bool {
        switch reason {
        case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout: true
        default: false
        }
    }
}

extension UpstreamError: CustomStringConvertible {
    public var description: String {
        detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)"
    }
}
