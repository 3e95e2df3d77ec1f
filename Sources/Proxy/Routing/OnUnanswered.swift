/// What happens to the hold of an attempt that was sent but never answered.
public enum OnUnanswered: String, CaseIterable, Sendable {
    case release
    case charge
}
