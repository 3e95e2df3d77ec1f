import Tenancy

/// Ties equal keys to one backend of a pool by rendezvous hashing: when a backend comes or goes, only its own keys
/// move; pure.
enum Affinity {
    /// FNV-1a, which is the same in every process.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes {
            hash ^= UInt64(byte)
            hash = hash &* 0x0000_0100_0000_01B3
        }
        return hash
    }

    static func hash(_ text: String) -> UInt64 { hash(text.utf8) }

    /// One key of two.
    static func join(_ one: UInt64, _ other: UInt64) -> UInt64 { score(one, other) }

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
