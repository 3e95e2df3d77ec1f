import Tenancy

@testable import Proxy

/// Prints what a routing decision costs, a slot taken and given back with fifty backends in the pool, a body scan,
/// or a key that is judged from memory.
@main
struct Decisions {
    private static let backends = 50
    private static let rounds = 7
    private static let decisionsPerRound = 200_000

    static func main() throws {
        // Two loops need two cores; all else is measured on one.
        if CommandLine.arguments.dropFirst() == ["keys"] { return WarmKeyChecks.run() }
        print("| routing decision, \(backends) backends | ns, lowest round | ns, median |")
        print("| --- | ---: | ---: |")
        for policy in [PoolPolicy.leastBusy, .weighted, .roundRobin, .latency] {
            for rpm in [nil, 1_000_000_000] {
                try measure("\(policy.rawValue)\(rpm == nil ? "" : ", with rpm")", try router(policy, .none, rpm: rpm))
            }
        }
        try measure("affinity to the key", try router(.leastBusy, .key, rpm: nil))
        BodyScans.run()
    }

    private static func measure(_ name: String, _ router: PoolRouter) throws {
        var ask = RoutingAsk(tenant: ID("ten_1"), kind: .openai, targets: [RoutingAsk.Target(index: 0, pool: "p")])
        ask.key = "key_1"
        let clock = ContinuousClock()
        let rounds = (0..<Self.rounds).map { _ -> Double in
            let elapsed = clock.measure {
                for _ in 0..<decisionsPerRound {
                    guard case .lease(let lease) = router.acquire(ask) else { continue }
                    router.release(lease, .answered(firstByteNanoseconds: 1_000_000))
                }
            }
            return elapsed / .nanoseconds(decisionsPerRound)
        }.sorted()
        print("| \(name) | \(Int(rounds[0])) | \(Int(rounds[rounds.count / 2])) |")
    }

    private static func router(_ policy: PoolPolicy, _ affinity: PoolAffinity, rpm: Int?) throws -> PoolRouter {
        let router = PoolRouter()
        var pool = PoolDefinition(name: "p")
        pool.policy = policy
        pool.affinity = affinity.rawValue
        let definitions = (0..<backends).map { number in
            var backend = BackendDefinition(
                id: ID("be_\(number)"), pool: "p", name: "b\(number)", kind: .openai, baseURL: "http://127.0.0.1:9/v1")
            backend.maxConcurrency = 1000
            backend.rpm = rpm
            return backend
        }
        let key = try MasterKey(base64: MasterKey.generate())
        router.install(RoutingSnapshot(pools: [pool], backends: definitions), masterKey: key)
        return router
    }
}
