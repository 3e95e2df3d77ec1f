import NIOCore
import Synchronization

/// The connections of one listener: bounded, and to be told that no further request will be taken.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isQuiescing = false
    }

    private let limit: Int
    private let state = Mutex(State())

    /// `limit` is how many may be open at the same time.
    init(limit: Int) {
        self.limit = limit
    }

    /// Counts a connection until it closes; false if it is one too many, and not counted.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let (isTaken, isLate) = state.withLock { state -> (Bool, Bool) in
            guard state.channels.count < limit else { return (false, false) }
            state.channels[id] = channel
            return (true, state.isQuiescing)
        }
        guard isTaken else { return false }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { $0.channels[id] = nil }
        }
        if isLate { Self.quiesce(channel) }
        return true
    }

    /// Each connection closes once it has no request at hand.
    func quiesce() {
        let channels = state.withLock { state in
            state.isQuiescing = true
            return Array(state.channels.values)
        }
        for channel in channels { Self.quiesce(channel) }
    }

    private static func quiesce(_ channel: any Channel) {
        channel.eventLoop.execute {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }
}
