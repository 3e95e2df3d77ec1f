import NIOCore

/// The connections to one host and port that wait for their next call; the last to rest is the first to go.
final class CleartextPool {
    static let most = 1024
    /// A connection that has rested longer may have been forgotten on its way; libcurl's limit is the same.
    static let longestRest = TimeAmount.seconds(118)

    let origin: CleartextOrigin
    private var resting: [CleartextConnection] = []
    private var isRetired = false

    init(_ origin: CleartextOrigin) {
        self.origin = origin
    }

    /// A connection on which nothing but the next request may come; nil if there is none.
    func take(at now: NIODeadline) -> CleartextConnection? {
        while let connection = resting.popLast() {
            if connection.restsSince + Self.longestRest > now, connection.isSilent { return connection }
            connection.close()
        }
        return nil
    }

    func put(_ connection: CleartextConnection, at now: NIODeadline) {
        guard !isRetired, resting.count < Self.most else { return connection.close() }
        connection.restsSince = now
        resting.append(connection)
    }

    /// Closes those that have rested too long, whether or not a call comes.
    func closeRested(at now: NIODeadline) {
        let old = resting.prefix { $0.restsSince + Self.longestRest <= now }
        guard !old.isEmpty else { return }
        resting.removeFirst(old.count)
        for connection in old { connection.close() }
    }

    /// The connection closed while it rested.
    func remove(_ connection: CleartextConnection) {
        guard let index = resting.lastIndex(where: { $0 === connection }) else { return }
        resting.remove(at: index)
    }

    /// Closes what rests here, and from now on whatever comes.
    func retire() {
        isRetired = true
        let all = resting
        resting.removeAll()
        for connection in all { connection.close() }
    }
}
