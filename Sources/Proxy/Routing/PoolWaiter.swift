/// A request in a pool's queue.
///
/// Unchecked because `isGranted` changes, but only while the router's lock is taken.
final class PoolWaiter: @unchecked Sendable {
    let pool: String
    /// Index of the target it waits for, in its caller's order.
    let target: Int
    /// Backends that failed it already.
    let tried: Set<Backend.Identity>
    let wake: @Sendable (PoolRouter.Lease) -> Void
    /// It was given a slot, and `wake` has been or is being called.
    var isGranted = false

    init(
        pool: String, target: Int, tried: Set<Backend.Identity>, wake: @escaping @Sendable (PoolRouter.Lease) -> Void
    ) {
        self.pool = pool
        self.target = target
        self.tried = tried
        self.wake = wake
    }
}
