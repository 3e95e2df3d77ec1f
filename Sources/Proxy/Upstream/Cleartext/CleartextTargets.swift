import NIOCore

/// Targets by their URL and pools by their origin; parsing a URL costs more than the rest of a call's set-up.
struct CleartextTargets {
    private let capacity: Int
    /// Nil for a URL that is not for us.
    private var targets: [String: CleartextTarget?] = [:]
    private var pools: [CleartextOrigin: CleartextPool] = [:]

    init(capacity: Int = 1024) {
        self.capacity = capacity
    }

    /// Nil if libcurl has to make the calls to this URL.
    mutating func target(_ url: String) -> CleartextTarget? {
        if let known = targets[url] { return known }
        // Backends are few; a full cache means they changed often, and starting afresh is cheap.
        if targets.count >= capacity { removeAll() }
        let target = CurlURL(url).flatMap { CleartextTarget($0) { pool($0) } }
        targets[url] = .some(target)
        return target
    }

    /// Closes the connections that have rested too long.
    func closeRested(at now: NIODeadline) {
        for pool in pools.values { pool.closeRested(at: now) }
    }

    /// Closes every connection at rest; those in use close after their call.
    mutating func removeAll() {
        for pool in pools.values { pool.retire() }
        pools.removeAll()
        targets.removeAll()
    }

    private mutating func pool(_ origin: CleartextOrigin) -> CleartextPool {
        if let known = pools[origin] { return known }
        let pool = CleartextPool(origin)
        pools[origin] = pool
        return pool
    }
}
