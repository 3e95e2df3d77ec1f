import Dispatch
import Tenancy

/// Prints what it costs to judge a key that is known, alone and while another loop does nothing else.
enum WarmKeyChecks {
    private static let keys = 100
    private static let rounds = 7
    private static let checksPerRound = 200_000

    static func run() {
        let (ring, texts) = warmRing()
        print("| keys judged from memory, \(keys) in turn | ns, lowest round | ns, median |")
        print("| --- | ---: | ---: |")
        for loops in [1, 2] {
            let elapsed = (0..<rounds).map { _ in nanoseconds(loops, ring, texts) }.sorted()
            let name = loops == 1 ? "one loop" : "each of two loops"
            print("| \(name) | \(Int(elapsed[0])) | \(Int(elapsed[rounds / 2])) |")
        }
    }

    /// Of one check, where so many threads do as many each at the same time.
    private static func nanoseconds(_ loops: Int, _ ring: KeyRing, _ texts: [[UInt8]]) -> Double {
        let now = SystemClock().now()
        let elapsed = ContinuousClock().measure {
            DispatchQueue.concurrentPerform(iterations: loops) { loop in
                for number in 0..<checksPerRound {
                    let verdict = texts[(number + loop * keys / 2) % keys].withUnsafeBytes {
                        ring.authenticate($0, clientAddress: nil, at: now)
                    }
                    guard case .accepted = verdict else { fatalError("a good key") }
                }
            }
        }
        return elapsed / .nanoseconds(checksPerRound)
    }

    private static func warmRing() -> (KeyRing, [[UInt8]]) {
        let clock = SystemClock()
        let cost = KeyHasher.Cost(memoryKiB: 64, iterations: 1, parallelism: 1)
        let directory = Directory()
        let hasher = KeyHasher(cost: cost, workers: 1, time: clock)
        let ring = KeyRing(directory: directory, hasher: hasher, cost: cost, time: clock) { _, _ in }
        let start = clock.now()
        directory.put(
            TenantProfile(
                tenant: Tenant(
                    id: ID("ten_1"), name: "ten_1", timeZone: "UTC", suspended: false, createdAt: start, archivedAt: nil
                ),
                entitlements: [Entitlement(pool: "p")], quota: .none))
        let texts = (0..<keys).map { number in
            let (text, publicID) = KeySecret.generate()
            let phc = "$argon2id$\(number)"
            let key = APIKey(
                id: ID("key_\(number)"), tenantID: ID("ten_1"), publicID: publicID.text, name: "\(number)",
                createdAt: start, expiresAt: nil, revokedAt: nil, allowedIPs: [])
            let record = KeySecretRecord(publicID: publicID.text, keyID: key.id, phc: phc, notAfter: nil)
            directory.put(KeyProfile(key: key, secrets: [record], quota: .none))
            ring.warm(publicID: publicID, secret: Array(text.utf8), phc: phc)
            return Array(text.utf8)
        }
        return (ring, texts)
    }
}
