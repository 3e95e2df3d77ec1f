import NIOCore

/// Cuts a connection whose client reads nothing for so long, while it is on.
final class ReaderWatch {
    private static let timeout = TimeAmount.seconds(60)

    private var progress = ReadProgress()
    private var alarm: Scheduled<Void>?

    func start(_ context: ChannelHandlerContext) {
        progress.begin(context.channel)
        arm(context)
    }

    func stop() {
        alarm?.cancel()
    }

    private func arm(_ context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: Self.timeout) { [weak self] in
            guard let self else { return }
            if progress.goesOn(context.channel) { arm(context) } else { context.close(promise: nil) }
        }
    }
}
