/// What happens to an attempt whose client has gone.
public enum OnDisconnect: String, CaseIterable, Sendable {
    /// The upstream connection is closed at once and the cost estimated.
    case abort
    /// The answer is read to its end and billed as reported.
    case drain
}
