import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where a listener gets its connections from.
public enum ListenSource: Sendable, Equatable {
    /// A socket of its own; port 0 means any free one.
    case address(host: String, port: Int)
    /// A socket that listens already and was passed to this process. Whoever passed it keeps it, so connections that
    /// come after this process closed its copy wait for the next process.
    case inherited(descriptor: CInt)

    /// Connections that may wait to be accepted.
    static let backlog: CInt = 4096

    /// How long nothing is accepted after an error: trying again at once would only keep a core busy until the process
    /// has file descriptors or memory again. Nil: no wait, since the next connection may be a good one.
    static func pause(after error: IOError) -> TimeAmount? {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) ? .milliseconds(100) : nil
    }

    /// A channel that accepts from here.
    func bind(_ bootstrap: ServerBootstrap) async throws -> any Channel {
        switch self {
        case .address(let host, let port):
            return try await bootstrap.bind(host: host, port: port).get()
        case .inherited(let descriptor):
            let channel = try await bootstrap.withBoundSocket(descriptor).get()
            Self.restoreBacklog(of: descriptor)
            return channel
        }
    }

    /// The same for whoever takes the connections one by one.
    func bind<Child: Sendable>(
        _ bootstrap: ServerBootstrap, setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Child>
    ) async throws -> NIOAsyncChannel<Child, Never> {
        switch self {
        case .address(let host, let port):
            return try await bootstrap.bind(host: host, port: port, childChannelInitializer: setUp)
        case .inherited(let descriptor):
            let channel = try await bootstrap.bind(descriptor, childChannelInitializer: setUp)
            Self.restoreBacklog(of: descriptor)
            return channel
        }
    }

    /// Closes a listener whose connections live on `loops`, and loses none of them: SwiftNIO closes a connection that
    /// is on its way to its loop while the listener closes. So nothing is accepted any more, and every loop has had its
    /// turn.
    static func release(_ listener: any Channel, connectionsOn loops: [any EventLoop]) async {
        try? await listener.setOption(.autoRead, value: false).get()
        for loop in loops + [listener.eventLoop] { _ = try? await loop.submit {}.get() }
        try? await listener.close()
    }

    /// NIO shortens the queue of a socket that it is given, and the queue outlives this process.
    private static func restoreBacklog(of descriptor: CInt) {
        _ = listen(descriptor, backlog)
    }
}
