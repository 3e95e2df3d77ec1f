/// How presented keys were judged since start.
public struct KeyRingCounters: Sendable, Equatable {
    /// Judged from memory.
    public let hits: UInt64
    /// Handed to argon2.
    public let misses: UInt64
    /// Refused for any reason.
    public let refused: UInt64
}
