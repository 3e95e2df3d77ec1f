import NIOCore

/// What one owner has in a `FairQueue`, in order.
struct FairQueueLane<Element: Sendable>: Sendable {
    private var elements = CircularBuffer<(number: UInt64, element: Element?)>()
    private(set) var waiting = 0

    var waitingElements: [Element] { elements.compactMap(\.element) }

    func newest(where isSo: (Element) -> Bool) -> Element? {
        elements.last { $0.element.map(isSo) ?? false }?.element
    }

    mutating func append(_ element: Element, number: UInt64) {
        elements.append((number, element))
        waiting += 1
    }

    mutating func take(where fits: (Element) -> Bool) -> Element? {
        guard let place = elements.firstIndex(where: { $0.element.map(fits) ?? false }),
            let element = elements[place].element
        else { return nil }
        empty(place)
        return element
    }

    mutating func remove(_ number: UInt64) -> Bool {
        // Numbers rise along the lane.
        var low = elements.startIndex
        var high = elements.endIndex
        while low < high {
            let middle = elements.index(low, offsetBy: elements.distance(from: low, to: high) / 2)
            if elements[middle].number < number { low = elements.index(after: middle) } else { high = middle }
        }
        guard low < elements.endIndex, elements[low].number == number, elements[low].element != nil else {
            return false
        }
        empty(low)
        return true
    }

    /// A place is emptied where it is, and swept away once the empty ones are the most.
    private mutating func empty(_ place: CircularBuffer<(number: UInt64, element: Element?)>.Index) {
        elements[place].element = nil
        waiting -= 1
        while let first = elements.first, first.element == nil { elements.removeFirst() }
        if elements.count > 2 * waiting + 16 { elements.removeAll { $0.element == nil } }
    }
}
