/// The router's answer to a request that looks for a backend.
enum RoutingChoice {
    case lease(BackendLease)
    /// Every usable backend has enough to do; index of the first such target.
    case full(target: Int)
    /// No backend could serve it.
    case unavailable
}
