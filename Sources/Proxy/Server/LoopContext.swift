import NIOCore
import Tenancy

/// What belongs to one event loop: its upstream client and its connections.
final class LoopContext {
    private static let endedAtOnce = 4

    let eventLoop: any EventLoop
    let plane: DataPlane
    /// The loop's own copy, which no lock guards.
    var limits: GatewayLimits
    let upstream: LoopClient
    var answerRoom = ReusedBuffer()
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    private var sweep: RepeatedTask?
    var randomness = SplitMix64(seed: .random(in: 0...UInt64.max))

    init(eventLoop: any EventLoop, plane: DataPlane) throws {
        self.eventLoop = eventLoop
        self.plane = plane
        limits = plane.limits
        upstream = try LoopClient(eventLoop: eventLoop, policy: plane.upstream)
    }

    /// Connections are swept once a second for their deadlines, which is cheaper than a timer for each request.
    func startSweeping() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            bound.value.sweep(Array(bound.value.connections.values))
            bound.value.upstream.closeRested()
        }
    }

    func add(_ connection: ConnectionHandler) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: ConnectionHandler) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Closes the connections that wait for a request; busy ones close after their answer.
    ///
    /// Returns how many are still open: those with a request not yet answered to its end, those whose last answer is
    /// still leaving and, if these are to be spared, those whose first request is still to come.
    func closeIdle(sparingNew: Bool) -> Int {
        var open = 0
        for connection in connections.values {
            let isSpared = sparingNew && connection.isNew
            let wasBusy = connection.isBusy
            if !isSpared { connection.closeWhenIdle() }
            if isSpared || wasBusy || connection.isAnswerLeaving { open += 1 }
        }
        return open
    }

    /// Cuts what is still running at the end of the drain.
    func cutAll() {
        for connection in connections.values { connection.cut() }
    }

    func stop() {
        sweep?.cancel()
        upstream.shutdown()
    }

    /// Of very many that end at once, some at a time: everybody else waits for them.
    private func sweep(_ connections: [ConnectionHandler], from first: Int = 0) {
        let now = plane.time.uptime()
        var ended = 0
        for (index, connection) in connections.enumerated().dropFirst(first) where connection.endsIfPastDeadline(now) {
            ended += 1
            guard ended == Self.endedAtOnce else { continue }
            eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) { self.sweep(connections, from: index + 1) }
            return
        }
    }
}
