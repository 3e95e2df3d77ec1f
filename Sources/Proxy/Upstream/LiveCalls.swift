/// A call that knows its place among those in flight.
protocol LiveCall: AnyObject {
    /// -1 while it is not in a list.
    var liveIndex: Int { get set }
}

/// The calls in flight, in no order; adding and removing cost the same however many there are.
struct LiveCalls<Call: LiveCall> {
    private(set) var all: [Call] = []

    mutating func add(_ call: Call) {
        call.liveIndex = all.count
        all.append(call)
    }

    /// Without effect if it is not there any more.
    mutating func remove(_ call: Call) {
        let index = call.liveIndex
        guard index >= 0, let last = all.popLast() else { return }
        if last !== call {
            all[index] = last
            last.liveIndex = index
        }
        call.liveIndex = -1
    }
}
