import NIOCore

/// Cuts a connection whose client reads nothing for a minute, while it is on.
final class ReaderWatch {
    /// So many without a byte that left, for the kernel takes some at first though nobody reads.
    private static let looks = 4
    private static let pause = TimeAmount.seconds(15)

    private var progress = ReadProgress()
    /// Looks since something was read.
    private var silent = 0
    private var alarm: Scheduled<Void>?

    func start(_ context: ChannelHandlerContext) {
        progress.begin(context.channel)
        silent = 0
        arm(context)
    }

    func stop() {
        alarm?.cancel()
    }

    private func arm(_ context: ChannelHandlerContext) {
        alarm?.cancel()
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [weak self] in
            guard let self else { return }
            silent = progress.goesOn(context.channel) ? 0 : silent + 1
            if silent < Self.looks { arm(context) } else { context.close(promise: nil) }
        }
    }
}
