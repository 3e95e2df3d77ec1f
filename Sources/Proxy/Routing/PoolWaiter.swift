import Tenancy

/// A request in the queues of its targets' pools.
///
/// Unchecked because it changes, but only while the router's lock is taken.
final class PoolWaiter: @unchecked Sendable {
    typealias Queue = FairQueue<ID<Tenant>, PoolWaiter>

    let ask: RoutingAsk
    /// The pool whose queue it counts in.
    let home: Pool
    /// Called once with a slot, or with nil when nothing is left to wait for.
    let wake: @Sendable (BackendLease?) -> Void
    /// Where it stands in line: a slot in any of its targets' pools is good.
    var places: [(pool: Pool, ticket: Queue.Ticket)] = []
    /// `wake` has been or is being called, or it left.
    var isDecided = false

    init(_ ask: RoutingAsk, home: Pool, wake: @escaping @Sendable (BackendLease?) -> Void) {
        self.ask = ask
        self.home = home
        self.wake = wake
    }
}
