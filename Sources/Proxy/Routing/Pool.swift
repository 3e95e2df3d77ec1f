import Synchronization

/// A pool's backends and those who wait for one; a value guarded by the router's lock.
struct Pool {
    let definition: PoolDefinition
    var backends: [Backend] = []
    var waiters: [PoolWaiter] = []
    private var rotation = 0

    init(definition: PoolDefinition) {
        self.definition = definition
    }

    /// Takes a slot at the backend with the fewest calls per weight; ties take turns.
    mutating func pick(tried: Set<Backend.Identity>) -> Backend? {
        var best: Backend?
        var bestLoad = Int.max
        var bestWeight = 1
        for offset in 0..<backends.count {
            let backend = backends[(rotation &+ offset) % backends.count]
            guard backend.isAvailable, !backend.isFull, !tried.contains(backend.definition.id) else { continue }
            let load = backend.inFlight
            let weight = max(1, backend.definition.weight)
            if best == nil || load * bestWeight < bestLoad * weight {
                (best, bestLoad, bestWeight) = (backend, load, weight)
            }
        }
        rotation = backends.isEmpty ? 0 : (rotation + 1) % backends.count
        best?.load.figures.withLock { $0.inFlight += 1 }
        return best
    }

    /// Some backend could serve it if only it were less busy.
    func hasUsable(tried: Set<Backend.Identity>) -> Bool {
        backends.contains { $0.isAvailable && !tried.contains($0.definition.id) }
    }
}
