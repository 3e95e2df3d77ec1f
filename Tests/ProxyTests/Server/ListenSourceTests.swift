import Dispatch
import NIOCore
import NIOPosix
import Testing

@testable import Proxy

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Says something as soon as it is there.
private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = Never
    typealias OutboundOut = ByteBuffer

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "x")), promise: nil)
    }
}

/// Whether anything came before the end.
private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let heard: EventLoopPromise<Bool>

    init(_ heard: EventLoopPromise<Bool>) {
        self.heard = heard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heard.succeed(true)
    }

    func channelInactive(context: ChannelHandlerContext) {
        heard.succeed(false)
    }
}

struct ListenSourceTests {
    @Test func `accepting pauses only while descriptors or memory are short`() {
        for code in [EMFILE, ENFILE, ENOBUFS, ENOMEM] {
            #expect(ListenSource.pause(after: IOError(errnoCode: code, reason: "accept")) == .milliseconds(100))
        }
        #expect(ListenSource.pause(after: IOError(errnoCode: ECONNABORTED, reason: "accept")) == nil)
    }

    @Test func `a connection on its way to its loop outlives the listener`() async throws {
        let accepting = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let serving = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let gate = DispatchSemaphore(value: 0)
        let listener = try await ServerBootstrap(group: accepting, childGroup: serving)
            .childChannelInitializer { channel in
                arrived.yield()
                gate.wait()
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Greeter())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let heard = accepting.next().makePromise(of: Bool.self)
        let client = try await ClientBootstrap(group: accepting)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Listener(heard))
                }
            }
            .connect(to: try #require(listener.localAddress)).get()
        var iterator = arrivals.makeAsyncIterator()
        await iterator.next()
        // The connection's loop stands still now.
        async let released: Void = ListenSource.release(listener, connectionsOn: [serving.next()])
        while listener.isActive, (try? await listener.getOption(.autoRead).get()) ?? false { await Task.yield() }
        gate.signal()
        await released
        #expect(!listener.isActive)
        #expect(try await heard.futureResult.get(), "the connection was dropped with the listener")
        try await client.close()
        try await serving.shutdownGracefully()
        try await accepting.shutdownGracefully()
    }
}
