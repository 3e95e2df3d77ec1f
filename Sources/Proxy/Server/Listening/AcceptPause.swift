import NIOCore

/// Accepts nothing for a while when the process is out of file descriptors or memory.
///
/// NIO's own handler for this puts off its next read, but after a failed accept the socket is still watched, so that
/// the loop turns as fast as it can until there are descriptors again.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private var isPaused = false

    /// Prepares a listening socket.
    @Sendable
    static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(AcceptPause())
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isPaused, let error = error as? IOError, let pause = ListenSource.pause(after: error),
            let options = context.channel.syncOptions
        else { return }
        isPaused = true
        try? options.setOption(.autoRead, value: false)
        context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.isPaused = false
            try? options.setOption(.autoRead, value: true)
        }
    }
}
