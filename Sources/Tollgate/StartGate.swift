/// Lets the data plane listen last: who sees it ready may use the other planes at once.
struct StartGate: Sendable {
    private let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation

    init() {
        (arrivals, arrival) = AsyncStream.makeStream()
    }

    /// Another plane listens.
    func arrive() {
        arrival.yield()
    }

    /// Returns once `count` planes listen, or when the task is cancelled because one of them cannot.
    func wait(for count: Int) async {
        var seen = 0
        for await _ in arrivals {
            seen += 1
            if seen == count { return }
        }
    }
}
