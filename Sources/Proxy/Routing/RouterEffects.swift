/// What a decision of the router asks to be done once its lock is free.
struct RouterEffects: Sendable {
    /// Waiters and the slots they got; nil where nothing is left to wait for.
    var wakes: [(waiter: PoolWaiter, lease: BackendLease?)] = []
    var events: [BackendEvent] = []
    /// Pools whose queue is to be looked at after so many nanoseconds.
    var alarms: [(pool: String, nanoseconds: Int64)] = []

    var isEmpty: Bool { wakes.isEmpty && events.isEmpty && alarms.isEmpty }
}
