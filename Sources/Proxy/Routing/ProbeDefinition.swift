/// How a backend's health is asked for; absent means passive health only.
public struct ProbeDefinition: Sendable, Equatable {
    /// Path from the origin's root, e.g. `/health`.
    public var path: String
    /// Milliseconds between two probes.
    public var intervalMS: Int64
    /// Failures in a row that make a backend unhealthy.
    public var unhealthyAfter: Int
    /// Successes in a row that make it healthy again.
    public var healthyAfter: Int

    /// A probe with the contract's defaults.
    public init(path: String, intervalMS: Int64 = 10_000, unhealthyAfter: Int = 3, healthyAfter: Int = 1) {
        self.path = path
        self.intervalMS = intervalMS
        self.unhealthyAfter = unhealthyAfter
        self.healthyAfter = healthyAfter
    }
}
