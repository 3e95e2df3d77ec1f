import NIOCore
import Tenancy

/// What belongs to one event loop: its upstream client and its connections.
final class LoopContext {
    let eventLoop: any EventLoop
    let plane: DataPlane
    let upstream: any UpstreamClient
    let allocator = ByteBufferAllocator()
    private var connections: [ObjectIdentifier: ConnectionHandler] = [:]
    private var sweep: RepeatedTask?
    var randomness = SplitMix64(seed: .random(in: 0...UInt64.max))

    init(eventLoop: any EventLoop, plane: DataPlane) throws {
        self.eventLoop = eventLoop
        self.plane = plane
        upstream = try CurlMulti(eventLoop: eventLoop, policy: plane.upstream)
    }

    /// Connections are swept once a second for their deadlines, which is cheaper than a timer for each request.
    func startSweeping() {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            bound.value.sweepNow()
        }
    }

    func add(_ connection: ConnectionHandler) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: ConnectionHandler) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Requests not yet answered to their end on this loop.
    var busyConnections: Int { connections.values.count { $0.isBusy } }

    /// Closes the connections that wait for a request; busy ones close after their answer.
    func closeIdle() {
        for connection in connections.values { connection.closeWhenIdle() }
    }

    /// Cuts what is still running at the end of the drain.
    func cutAll() {
        for connection in connections.values { connection.cut() }
    }

    func stop() {
        sweep?.cancel()
        upstream.shutdown()
    }

    private func sweepNow() {
        let now = plane.time.uptime()
        for connection in connections.values { connection.checkDeadline(now) }
    }
}
