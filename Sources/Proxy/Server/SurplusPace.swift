import NIOCore

/// How fast is read what is thrown away: a client that goes on sending after its answer should see that answer rather
/// than a reset, but at its own pace it would keep a core busy.
enum SurplusPace {
    /// Between two reads of up to 64 KiB: 32 MB a second.
    private static let rest = TimeAmount.milliseconds(2)

    /// Reads on after a rest.
    static func read(_ context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().scheduleTask(in: rest) { context.read() }
    }
}
