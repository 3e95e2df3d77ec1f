/// How far the router goes for one request; the process decides, not the database.
public struct RoutingSettings: Sendable, Equatable {
    /// Attempts of one request at most, fallbacks included, emergency ones apart.
    public var maxAttempts = 3
    /// The part of a backend's rate that emergency calls may use, in millionths.
    public var emergencyPPM: Int64 = 100_000
    /// Emergency attempts of one request at most.
    public var emergencyAttempts = 3
    /// The rate emergency calls are measured by where a backend has none of its own, in requests a minute.
    public var defaultRPM: Int64 = 600

    /// The contract's defaults.
    public init() {}
}
