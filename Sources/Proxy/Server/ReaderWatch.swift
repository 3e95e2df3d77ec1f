import NIOCore

/// Cuts a connection whose client reads nothing for a minute, while it is on.
final class ReaderWatch {
    /// After which it is known what the kernel takes at first, and what is left of the minute then.
    private static let (settling, rest) = (TimeAmount.seconds(1), TimeAmount.seconds(59))

    private var progress = ReadProgress()
    private var alarm: Scheduled<Void>?

    func start(_ context: ChannelHandlerContext) {
        progress.begin(context.channel)
        arm(context, Self.settling) { watch in
            watch.progress.settle(context.channel)
            watch.look(context)
        }
    }

    func stop() {
        alarm?.cancel()
    }

    private func look(_ context: ChannelHandlerContext) {
        arm(context, Self.rest) { watch in
            if watch.progress.goesOn(context.channel) { watch.look(context) } else { context.close(promise: nil) }
        }
    }

    private func arm(_ context: ChannelHandlerContext, _ time: TimeAmount, _ body: @escaping (ReaderWatch) -> Void) {
        alarm?.cancel()
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            if let self { body(self) }
        }
    }
}
