import NIOCore

/// Cuts a channel whose client reads nothing for so long, while it is on.
final class ReaderWatch {
    private static let timeout = TimeAmount.seconds(60)

    private var progress = ReadProgress()
    private var alarm: Scheduled<Void>?

    func start(_ channel: any Channel) {
        progress.begin(channel)
        arm(channel)
    }

    func stop() {
        alarm?.cancel()
    }

    private func arm(_ channel: any Channel) {
        alarm?.cancel()
        alarm = channel.eventLoop.assumeIsolated().scheduleTask(in: Self.timeout) { [weak self] in
            guard let self else { return }
            if progress.goesOn(channel) { arm(channel) } else { channel.close(promise: nil) }
        }
    }
}
