/// A pool as the status page shows it.
public struct PoolStatus: Sendable {
    /// The pool's name.
    public let name: String
    /// Requests that wait in its queue.
    public let waiting: Int
    /// Its backends in the order they were added.
    public let backends: [BackendStatus]
}
