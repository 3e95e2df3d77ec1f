/// How a pool picks among its available backends.
public enum PoolPolicy: String, CaseIterable, Sendable {
    case leastBusy = "least_busy"
    case weighted
    case roundRobin = "round_robin"
    case latency
}
