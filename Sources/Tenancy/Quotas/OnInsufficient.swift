/// What a tenant wants when the money left does not cover a request's upper bound.
public enum OnInsufficient: String, Sendable, CaseIterable {
    /// Refuse the request.
    case refuse
    /// Lower the request's output ceiling until it fits.
    case trim
}
