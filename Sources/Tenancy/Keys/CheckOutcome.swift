/// What became of a key that argon2 had to judge.
public enum CheckOutcome: Sendable {
    /// The key is good.
    case accepted(Principal)
    /// The key is wrong, or was revoked meanwhile.
    case refused
    /// Too many checks wait, or this one waited too long: the caller may try again in a second.
    case busy
}
