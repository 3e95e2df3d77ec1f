import NIOCore
import NIOPosix

extension ServerBootstrap {
    /// Bytes that a connection's socket keeps and has not sent: of a client that reads slowly the rest stays upstream.
    private static let unsentBytes: CInt = 128 * 1024
    /// TCP_NOTSENT_LOWAT of Linux, for which NIO has no name.
    private static let unsentOption = NIOBSDSocket.Option(rawValue: 25)

    /// A listener as all of ours are. Its loop does little for one connection before it looks at the others again: who
    /// connects often, sends much or reads slowly keeps nobody waiting.
    static func fair(on group: any EventLoopGroup) -> ServerBootstrap {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: ListenSource.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer(AcceptPause.add)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: ReceiveRoom())
        #if os(Linux)
        // Connections have it from the socket that they were accepted from.
        return bootstrap.serverChannelOption(.tcpOption(unsentOption), value: .init(unsentBytes))
        #else
        return bootstrap
        #endif
    }
}
