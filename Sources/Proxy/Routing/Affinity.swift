import Tenancy

/// Ties equal keys to one backend of a pool by rendezvous hashing: when a backend comes or goes, only its own keys
/// move; pure.
enum Affinity {
    /// FNV-1a, which is the same in every process.
    static func hash(_ text: String, seed: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
        var hash = seed
        for byte in text.utf8 {
            hash ^= UInt64(byte)
            hash = hash &* 0x0000_0100_0000_01B3
        }
        return hash
    }

    /// The index of the backend with the highest score for this key; nil when there is none.
    static func preferred(_ key: UInt64, among backends: some Collection<UInt64>) -> Int? {
        var best: (index: Int, score: UInt64)?
        for (index, backend) in backends.enumerated() {
            let score = score(key, backend)
            if best.map({ score > $0.score }) ?? true { best = (index, score) }
        }
        return best?.index
    }

    private static func score(_ key: UInt64, _ backend: UInt64) -> UInt64 {
        var mixer = SplitMix64(seed: key ^ (backend &* 0x9E37_79B9_7F4A_7C15))
        return mixer.next()
    }
}
