import NIOCore

/// Makes cleartext HTTP/1.1 calls from one event loop, on that loop's own sockets; one call a connection at a time.
final class CleartextClient {
    private static let tick = TimeAmount.milliseconds(50)

    let eventLoop: any EventLoop
    private let clock: @Sendable () -> NIODeadline
    private let connector: CleartextConnector
    private var targets = CleartextTargets()
    private var live = LiveCalls<CleartextCall>()
    private var isTicking = false
    private var isShutDown = false

    /// - Parameter clock: monotonic time for all limits but that on connecting.
    init(eventLoop: any EventLoop, egress: EgressRule, clock: @escaping @Sendable () -> NIODeadline) {
        self.eventLoop = eventLoop
        self.clock = clock
        connector = CleartextConnector(eventLoop: eventLoop, egress: egress, clock: clock)
    }

    deinit {
        guard !isShutDown else { return }
        // Nobody else has them any more, and their connections are closed where they live.
        nonisolated(unsafe) var targets = targets
        eventLoop.execute { targets.removeAll() }
    }

    var now: NIODeadline { clock() }

    /// Nil if the URL is not for this client.
    func target(_ url: String) -> CleartextTarget? {
        targets.target(url)
    }

    /// Starts a call; the delegate is kept until its end and never called before this returns.
    func send(
        _ request: UpstreamRequest, to target: CleartextTarget, delegate: any UpstreamDelegate
    ) -> CleartextCall {
        eventLoop.assertInEventLoop()
        let now = clock()
        let call = CleartextCall(client: self, delegate: delegate, limits: CallLimits(request.timeouts, startedAt: now))
        live.add(call)
        start(call, request, target, now)
        call.didStart()
        startTicking()
        return call
    }

    /// Fails the calls in flight and closes every connection.
    func shutdown() {
        eventLoop.assertInEventLoop()
        isShutDown = true
        for call in live.all {
            call.fail(.reset, "client is shut down")
        }
        targets.removeAll()
    }

    /// Closes the connections that have rested too long; to be asked now and then.
    func closeRested() {
        targets.closeRested(at: clock())
    }

    /// Forgets an ended call.
    func release(_ call: CleartextCall) {
        live.remove(call)
    }

    private func start(
        _ call: CleartextCall, _ request: UpstreamRequest, _ target: CleartextTarget, _ now: NIODeadline
    ) {
        guard !isShutDown else { return call.fail(.connect, "client is shut down") }
        guard let message = target.message(for: request) else {
            return call.fail(.malformed, "method or header not allowed in HTTP")
        }
        if let connection = target.pool.take(at: now) {
            connection.carry(call, message, at: now)
        } else {
            connect(call, message, target.pool, limitMS: request.timeouts.connectMS)
        }
    }

    private func connect(_ call: CleartextCall, _ message: CleartextMessage, _ pool: CleartextPool, limitMS: Int64) {
        let attempt = connector.connect(to: pool.origin, limitMS: limitMS)
        attempt.channel.assumeIsolated().whenComplete { result in
            let connection = (try? result.get()).flatMap(CleartextConnection.of)
            connection?.pool = pool
            guard !call.isOver else {
                connection?.close()
                return
            }
            switch result {
            case .success:
                guard let connection else { return call.fail(.connect, "the connection closed at once") }
                connection.carry(call, message, at: self.clock())
            case .failure(let error):
                let (reason, detail) = CleartextFailure.connecting(error, refused: attempt.refusal)
                call.fail(reason, detail)
            }
        }
    }

    // MARK: Time limits

    private func startTicking() {
        guard !isTicking, !isShutDown else { return }
        isTicking = true
        eventLoop.assumeIsolated().scheduleTask(in: Self.tick) { self.checkLimits() }
    }

    private func checkLimits() {
        isTicking = false
        guard !isShutDown, !live.all.isEmpty else { return }
        let now = clock()
        for call in live.all {
            call.checkLimits(at: now)
        }
        startTicking()
    }
}
