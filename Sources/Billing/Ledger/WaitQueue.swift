/// Requests that wait for one budget, in order of arrival.
struct WaitQueue {
    private var items: [Waiting] = []

    var first: Waiting? { items.first }
    var isEmpty: Bool { items.isEmpty }

    /// Puts a request where its ticket belongs; one that comes from another budget's queue keeps its turn.
    mutating func insert(_ waiting: Waiting) {
        let index = items.last.map { $0.ticket < waiting.ticket } ?? true ? items.count : place(of: waiting)
        items.insert(waiting, at: index)
    }

    /// Takes a request out; false when it is not in.
    mutating func remove(_ waiting: Waiting) -> Bool {
        let index = place(of: waiting)
        guard index < items.count, items[index] === waiting else { return false }
        items.remove(at: index)
        return true
    }

    /// The first index whose ticket is not below the request's.
    private func place(of waiting: Waiting) -> Int {
        var low = 0
        var high = items.count
        while low < high {
            let middle = (low + high) / 2
            if items[middle].ticket < waiting.ticket { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
