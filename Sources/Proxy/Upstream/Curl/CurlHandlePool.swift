/// A bounded free list of easy handles, last used first.
struct CurlHandlePool {
    private let capacity: Int
    private var free: [CurlHandle] = []

    init(capacity: Int = 512) {
        self.capacity = capacity
    }

    var count: Int { free.count }

    mutating func take() -> CurlHandle? {
        free.popLast()
    }

    mutating func put(_ handle: CurlHandle) {
        if free.count < capacity {
            free.append(handle)
        }
    }

    mutating func removeAll() {
        free.removeAll()
    }
}
