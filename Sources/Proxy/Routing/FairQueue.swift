import NIOCore

/// A queue that serves its owners in turn, and each owner's elements in order; pure.
///
/// Adding and taking cost O(1) amortised, but for elements that are passed over; removing costs O(log n), and O(owners)
/// when it is an owner's last.
struct FairQueue<Owner: Hashable & Sendable, Element: Sendable>: Sendable {
    /// Names an element that waits.
    struct Ticket: Hashable, Sendable {
        fileprivate let owner: Owner
        fileprivate let number: UInt64
    }

    private var lanes: [Owner: FairQueueLane<Element>] = [:]
    /// Owners with elements, the next one to be served first.
    private var turns = CircularBuffer<Owner>()
    private var newest: UInt64 = 0
    /// Elements that wait.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Everything that waits, in no particular order.
    var elements: [Element] {
        lanes.values.flatMap(\.waitingElements)
    }

    /// Elements of one owner that wait.
    func waiting(of owner: Owner) -> Int { lanes[owner]?.waiting ?? 0 }

    /// The owner with most elements; O(owners).
    var largestOwner: (owner: Owner, waiting: Int)? {
        lanes.max { $0.value.waiting < $1.value.waiting }.map { ($0.key, $0.value.waiting) }
    }

    /// The last element of an owner that is so; it stays in the queue.
    func newest(of owner: Owner, where isSo: (Element) -> Bool) -> Element? {
        lanes[owner]?.newest(where: isSo)
    }

    mutating func append(_ element: Element, owner: Owner) -> Ticket {
        newest += 1
        count += 1
        if lanes[owner] == nil { turns.append(owner) }
        lanes[owner, default: FairQueueLane()].append(element, number: newest)
        return Ticket(owner: owner, number: newest)
    }

    /// The next element that fits, out of the queue; owners whose elements all do not fit are passed over.
    mutating func take(where fits: (Element) -> Bool) -> Element? {
        for _ in 0..<turns.count {
            guard let owner = turns.first else { return nil }
            if let element = lanes[owner]?.take(where: fits) {
                count -= 1
                finishTurn(of: owner)
                return element
            }
            turns.append(turns.removeFirst())
        }
        return nil
    }

    /// Takes an element out of the queue; false when it was taken before.
    @discardableResult
    mutating func remove(_ ticket: Ticket) -> Bool {
        guard lanes[ticket.owner]?.remove(ticket.number) == true else { return false }
        count -= 1
        if lanes[ticket.owner]?.waiting == 0 {
            lanes[ticket.owner] = nil
            if let place = turns.firstIndex(of: ticket.owner) { turns.remove(at: place) }
        }
        return true
    }

    private mutating func finishTurn(of owner: Owner) {
        guard let lane = lanes[owner] else { return }
        if lane.waiting == 0 {
            lanes[owner] = nil
            turns.removeFirst()
        } else {
            turns.append(turns.removeFirst())
        }
    }
}
