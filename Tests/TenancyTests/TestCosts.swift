import Tenancy

extension KeyHasher.Cost {
    /// Costs microseconds: tests are about what happens around the hash.
    static let cheap = KeyHasher.Cost(memoryKiB: 64, iterations: 1, parallelism: 1)
    /// As cheap, but not the same.
    static let other = KeyHasher.Cost(memoryKiB: 72, iterations: 1, parallelism: 1)
}

extension KeyHasher {
    /// The outcome of one comparison.
    func verify(_ secret: [UInt8], phc: String) async -> Result<Bool, KeyHasherError> {
        await withCheckedContinuation { continuation in
            verify(secret, phc: phc) { continuation.resume(returning: $0) }
        }
    }
}
