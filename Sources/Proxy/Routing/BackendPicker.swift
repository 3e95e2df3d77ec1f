import Tenancy

/// Chooses among the available backends of a pool by its policy; pure but for the turns it remembers.
struct BackendPicker: Sendable {
    /// An available backend as a policy sees it.
    struct Candidate: Equatable, Sendable {
        /// Its place among all backends of the pool.
        let index: Int
        let inFlight: Int
        let weight: Int
        /// Smoothed time to first byte in nanoseconds; nil when it was not measured of late.
        let latency: Double?
    }

    private var rotation = 0
    /// Smooth weighted round robin: what each backend of the pool is owed.
    private var owed: [Int] = []
    private var randomness: SplitMix64

    init(seed: UInt64) {
        randomness = SplitMix64(seed: seed)
    }

    /// The place of the chosen backend among all `count` backends of the pool; nil without candidates.
    mutating func pick(_ policy: PoolPolicy, from candidates: [Candidate], count: Int) -> Int? {
        guard let first = candidates.first else { return nil }
        guard candidates.count > 1 else { return first.index }
        switch policy {
        case .leastBusy: return leastBusy(candidates, count: count)
        case .weighted: return weighted(candidates, count: count)
        case .roundRobin:
            let chosen = candidates.first { $0.index >= rotation } ?? first
            rotation = chosen.index + 1
            return chosen.index
        case .latency: return quickest(candidates, count: count)
        }
    }

    /// The backends of the pool changed places.
    mutating func forgetPlaces() {
        rotation = 0
        owed.removeAll(keepingCapacity: true)
    }

    /// The fewest calls per weight; ties take turns.
    private mutating func leastBusy(_ candidates: [Candidate], count: Int) -> Int? {
        let start = candidates.firstIndex { $0.index >= rotation } ?? 0
        var best = candidates[start]
        for offset in 1..<candidates.count {
            let other = candidates[(start + offset) % candidates.count]
            if other.inFlight * best.weight < best.inFlight * other.weight { best = other }
        }
        rotation = best.index + 1
        return best.index
    }

    /// Smooth weighted round robin: each is owed its weight, the one that is owed most pays for all.
    private mutating func weighted(_ candidates: [Candidate], count: Int) -> Int? {
        if owed.count != count { owed = Array(repeating: 0, count: count) }
        var total = 0
        var best = candidates[0].index
        for candidate in candidates {
            owed[candidate.index] += candidate.weight
            total += candidate.weight
            if owed[candidate.index] > owed[best] { best = candidate.index }
        }
        owed[best] -= total
        return best
    }

    /// Who was not measured of late and is not being measured now; else the better of two drawn at random.
    private mutating func quickest(_ candidates: [Candidate], count: Int) -> Int? {
        if let unmeasured = candidates.first(where: { $0.latency == nil && $0.inFlight == 0 }) {
            return unmeasured.index
        }
        let allMeasured = candidates.allSatisfy { $0.latency != nil }
        let measured = allMeasured ? candidates : candidates.filter { $0.latency != nil }
        guard measured.count > 1 else { return measured.first?.index ?? leastBusy(candidates, count: count) }
        let one = Int.random(in: 0..<measured.count, using: &randomness)
        let step = Int.random(in: 1..<measured.count, using: &randomness)
        let other = (one + step) % measured.count
        return Self.expected(measured[one]) <= Self.expected(measured[other])
            ? measured[one].index : measured[other].index
    }

    /// Calls in flight count, so that the quickest is not buried.
    private static func expected(_ candidate: Candidate) -> Double {
        (candidate.latency ?? 0) * Double(candidate.inFlight + 1)
    }
}
