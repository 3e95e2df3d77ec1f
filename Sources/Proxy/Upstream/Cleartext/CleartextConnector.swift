import NIOCore
import NIOPosix

/// Opens connections: looks the name up, keeps the egress rule, and tries the addresses as Happy Eyeballs has it.
struct CleartextConnector {
    /// One try to connect.
    struct Attempt {
        let channel: EventLoopFuture<any Channel>
        fileprivate let resolver: EgressResolver?

        /// The last of a name's addresses that the egress rule refused, in words.
        var refusal: String? { resolver?.refusal }
    }

    /// What no limit means.
    private static let longest = TimeAmount.seconds(300)

    private let eventLoop: any EventLoop
    private let egress: EgressRule
    private let names: NameLookup

    init(eventLoop: any EventLoop, egress: EgressRule, clock: @escaping @Sendable () -> NIODeadline) {
        self.eventLoop = eventLoop
        self.egress = egress
        names = NameLookup(eventLoop: eventLoop, clock: clock)
    }

    /// - Parameter limitMS: on the look-up and all tries together, in milliseconds; zero or less means 300 s.
    func connect(to origin: CleartextOrigin, limitMS: Int64) -> Attempt {
        let bootstrap = bootstrap(limitMS > 0 ? .milliseconds(limitMS) : Self.longest)
        if let address = try? SocketAddress(ipAddress: origin.bareHost, port: origin.port) {
            if let words = egress.words(refusing: address) {
                let refused = CleartextFailure.Refused(words: words)
                return Attempt(channel: eventLoop.makeFailedFuture(refused), resolver: nil)
            }
            return Attempt(channel: bootstrap.connect(to: address), resolver: nil)
        }
        let resolver = EgressResolver(names: names, egress: egress, eventLoop: eventLoop)
        let channel = bootstrap.resolver(resolver).connect(host: origin.bareHost, port: origin.port)
        return Attempt(channel: channel, resolver: resolver)
    }

    private func bootstrap(_ limit: TimeAmount) -> ClientBootstrap {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(limit)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            // A paused call then keeps no more than one read beyond its bound.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: ReceiveRoom())
            .channelOption(.writeBufferWaterMark, value: .init(low: 1, high: 1))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try CleartextConnection().join(channel) }
            }
    }
}
