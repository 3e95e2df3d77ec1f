/// Those who wait for argon2 one after the other.
enum CheckLane: Hashable, Sendable {
    /// Everybody who presents a secret for this key: whoever knows the id cannot take all of argon2.
    case key(PublicID)
    /// Everybody at this address, whatever they present: whoever guesses waits behind themselves.
    case address(String)
}
