/// What becomes of an uncertain hold.
public enum HoldResolution: Sendable, Equatable {
    /// The call is billed this amount.
    case charge(Money)
    /// The call is not billed.
    case release
}
