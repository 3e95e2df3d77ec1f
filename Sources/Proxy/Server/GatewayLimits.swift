/// The sizes and times the data plane keeps to; times in milliseconds, sizes in bytes.
public struct GatewayLimits: Sendable, Equatable {
    /// One body at most.
    public var maxBody = 32 * 1024 * 1024
    /// All bodies held at once.
    public var bodyMemory = 512 * 1024 * 1024
    /// From the first byte of a request to the end of its head.
    public var headerTimeoutMS: Int64 = 10_000
    /// Between requests of a connection.
    public var idleTimeoutMS: Int64 = 120_000
    /// How long a client may read nothing of its answer.
    public var readerTimeoutMS: Int64 = 60_000
    /// How long a stopping process waits for calls in flight.
    public var drainMS: Int64 = 60_000
    /// Open client connections at most.
    public var maxConnections = 20_000

    /// The defaults of the configuration file.
    public init() {}
}
