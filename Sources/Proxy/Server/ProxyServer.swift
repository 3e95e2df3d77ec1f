import Billing
import Logging
public import NIOCore
import NIOPosix
import Synchronization
import Tenancy

/// The data plane's listener: one event loop per core, each with its own upstream client.
public final class ProxyServer: Sendable {
    /// How long a draining server waits for the first request of a connection.
    private static let welcomeNanoseconds: Int64 = 1_000_000_000

    private let plane: DataPlane
    private let group: MultiThreadedEventLoopGroup
    private let loops: [NIOLoopBound<LoopContext>]
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    private let isHurried = Atomic<Bool>(false)

    /// Prepares the loops; nothing listens yet. Throws when the upstream client cannot be set up.
    public init(plane: DataPlane, loopCount: Int) throws {
        self.plane = plane
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, loopCount))
        var loops: [NIOLoopBound<LoopContext>] = []
        for loop in group.makeIterator() {
            let bound = try loop.submit {
                let context = try LoopContext(eventLoop: loop, plane: plane)
                context.startSweeping()
                return NIOLoopBound(context, eventLoop: loop)
            }.wait()
            loops.append(bound)
        }
        self.loops = loops
    }

    /// Accepts connections from `source`, over TLS where there is a certificate, and answers the bound address.
    public func start(from source: ListenSource, certificate: ListenerCertificate?) async throws -> SocketAddress? {
        let plane = plane
        let contexts = Dictionary(
            zip(group.makeIterator().map { ObjectIdentifier($0) }, loops), uniquingKeysWith: { first, _ in first })
        let bootstrap = ServerBootstrap.fair(on: group)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // What a slow reader keeps: so much, and the piece that came on top.
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 8 * 1024, high: 16 * 1024))
            .childChannelInitializer { channel in
                guard let loop = contexts[ObjectIdentifier(channel.eventLoop)] else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try Self.configure(channel, on: loop.value, plane: plane, certificate: certificate)
                }
            }
        let channel = try await source.bind(bootstrap)
        listener.withLock { $0 = channel }
        return channel.localAddress
    }

    /// Takes other limits for what comes from now on: requests, connections, waits.
    public func take(_ limits: GatewayLimits) {
        plane.take(limits)
        for loop in loops { loop.eventLoop.execute { loop.value.limits = limits } }
    }

    private static func configure(
        _ channel: any Channel, on loop: LoopContext, plane: DataPlane, certificate: ListenerCertificate?
    ) throws {
        let open = plane.connections.wrappingAdd(1, ordering: .relaxed).newValue
        channel.closeFuture.whenComplete { _ in plane.connections.wrappingSubtract(1, ordering: .relaxed) }
        guard open <= loop.limits.maxConnections else { throw ChannelError.connectPending }
        let beneathTLS = try certificate?.secure(channel, timeoutMS: loop.limits.headerTimeoutMS)
        try ConnectionHandler(loop: loop, beneathTLS: beneathTLS).join(channel)
    }

    /// Stops accepting, lets calls in flight end for `limits.drainMS` or until `hurry`, then cuts what is left.
    ///
    /// A connection that was accepted a moment ago still gets its one request answered, because nobody else can.
    /// Every call is settled before this returns, cut ones included.
    public func drain() async {
        plane.isDraining.store(true, ordering: .relaxed)
        if let channel = listener.withLock({ $0 }) {
            await ListenSource.release(channel, connectionsOn: loops.map(\.eventLoop))
        }
        let limit = plane.limits.drainMS * 1_000_000
        let begin = plane.time.uptime()
        let deadline = begin + limit
        let welcome = begin + min(limit, Self.welcomeNanoseconds)
        while await openConnections(sparingNew: plane.time.uptime() < welcome) > 0, plane.time.uptime() < deadline,
            !isHurried.load(ordering: .relaxed)
        {
            await pause(milliseconds: 20)
        }
        for loop in loops { loop.eventLoop.execute { loop.value.cutAll() } }
        let settled = plane.time.uptime() + 5_000_000_000
        while await openConnections(sparingNew: false) > 0 || plane.ledger.counters.liveHolds > 0,
            plane.time.uptime() < settled
        {
            await pause(milliseconds: 20)
        }
    }

    /// Makes `drain` wait no longer for calls in flight. They are settled all the same.
    public func hurry() {
        isHurried.store(true, ordering: .relaxed)
    }

    /// Stops the loops; call it after `drain`.
    public func stop() async {
        for loop in loops {
            _ = try? await loop.eventLoop.submit { loop.value.stop() }.get()
        }
        try? await group.shutdownGracefully()
    }

    private func openConnections(sparingNew: Bool) async -> Int {
        var open = 0
        for loop in loops {
            open += (try? await loop.eventLoop.submit { loop.value.closeIdle(sparingNew: sparingNew) }.get()) ?? 0
        }
        return open
    }

    private func pause(milliseconds: Int64) async {
        let loop = loops.first?.eventLoop ?? group.next()
        try? await loop.scheduleTask(in: .milliseconds(milliseconds)) {}.futureResult.get()
    }
}
