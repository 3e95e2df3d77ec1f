import Dispatch
import Support
import Synchronization
import Tenancy
import Testing

@Suite struct KeyHasherTests {
    private let secret = Array("tg_secret".utf8)

    @Test func `the hash is an argon2id PHC string of the given cost`() async throws {
        let hasher = KeyHasher(cost: .cheap, workers: 1, time: SystemClock())
        let phc = try await hasher.hash(secret)
        #expect(phc.hasPrefix("$argon2id$v=19$m=64,t=1,p=1$"))
        #expect(KeyHasher.Cost(phc: phc) == .cheap)
        #expect(try await hasher.hash(secret) != phc)
    }

    @Test func `the documented cost is the default`() {
        #expect(KeyHasher.Cost() == KeyHasher.Cost(memoryKiB: 19_456, iterations: 2, parallelism: 1))
    }

    @Test(arguments: ["m=+64,t=1,p=1", "m=-0,t=1,p=1", "m=64,t=1", "m=64,t=1,p=", "m=64,t=4294967296,p=1"])
    func `a cost is stated in digits and nothing else`(parameters: String) {
        #expect(KeyHasher.Cost(phc: "$argon2id$v=19$\(parameters)$c2FsdA$aGFzaA") == nil)
    }

    @Test func `only the right secret verifies`() async throws {
        let hasher = KeyHasher(cost: .cheap, workers: 2, time: SystemClock())
        let phc = try await hasher.hash(secret)
        #expect(try await hasher.verify(secret, phc: phc).get())
        #expect(try await hasher.verify(secret + [0], phc: phc).get() == false)
        #expect(try await hasher.verify([], phc: phc).get() == false)
    }

    @Test func `a hash made elsewhere verifies`() async throws {
        let hasher = KeyHasher(cost: .other, workers: 1, time: SystemClock())
        // The reference implementation's own test vector.
        let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
        #expect(try await hasher.verify(Array("password".utf8), phc: phc).get())
    }

    @Test(arguments: [
        "", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65", "$argon2id$v=19$m=64,t=1,p=1$$",
        "$argon2id$v=19$m=4294967295,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=64,t=4000000000,p=1$AAAA$AAAA",
        "$argon2id$v=19$m=64,t=1$A$A",
    ])
    func `a damaged or unbearable hash fails without running`(phc: String) async {
        let hasher = KeyHasher(cost: .cheap, workers: 1, time: SystemClock())
        await #expect(throws: KeyHasherError.failed) { try await hasher.verify(secret, phc: phc).get() }
    }

    @Test func `when the queue is full the next is refused at once`() async throws {
        let hasher = KeyHasher(cost: .cheap, workers: 1, queueLimit: 2, time: SystemClock())
        let phc = try await hasher.hash(secret)
        let (busy, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        hasher.verify(secret, phc: phc) { _ in
            busy.signal()
            gate.wait()
        }
        await Self.wait(for: busy)
        let done = DispatchSemaphore(value: 0)
        for _ in 0..<2 { hasher.verify(secret, phc: phc) { _ in done.signal() } }
        #expect(hasher.counters.queued == 2)
        let refused = Mutex<KeyHasherError?>(nil)
        hasher.verify(secret, phc: phc) { result in
            if case .failure(let error) = result { refused.withLock { $0 = error } }
        }
        #expect(refused.withLock { $0 } == .full)
        #expect(hasher.counters.rejected == 1)
        gate.signal()
        for _ in 0..<2 { await Self.wait(for: done) }
        #expect(hasher.counters.queued == 0)
        #expect(hasher.counters.total == 4)
        #expect(hasher.counters.buckets.reduce(0, +) == 4)
    }

    @Test func `what waited too long is refused without running`() async throws {
        let clock = ManualClock()
        let hasher = KeyHasher(cost: .cheap, workers: 1, waitLimitMS: 5000, time: clock)
        let phc = try await hasher.hash(secret)
        let (busy, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        hasher.verify(secret, phc: phc) { _ in
            busy.signal()
            gate.wait()
        }
        await Self.wait(for: busy)
        let late = await Self.verify(hasher, secret, phc: phc) {
            clock.advance(milliseconds: 5001)
            gate.signal()
        }
        #expect(throws: KeyHasherError.late) { try late.get() }
        #expect(hasher.counters.rejected == 1)
    }

    @Test func `after shutdown nothing runs`() async throws {
        let hasher = KeyHasher(cost: .cheap, workers: 2, time: SystemClock())
        hasher.shutdown()
        hasher.shutdown()
        await #expect(throws: KeyHasherError.failed) { try await hasher.hash(secret) }
    }

    private static func verify(
        _ hasher: KeyHasher, _ secret: [UInt8], phc: String, whenQueued: @escaping @Sendable () -> Void
    ) async -> Result<Bool, KeyHasherError> {
        await withCheckedContinuation { continuation in
            hasher.verify(secret, phc: phc) { continuation.resume(returning: $0) }
            whenQueued()
        }
    }

    /// Waits off the cooperative threads.
    private static func wait(for semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                semaphore.wait()
                continuation.resume()
            }
        }
    }
}
