import CCurl
import NIOCore

/// The upstream client of one event loop: a libcurl multi handle that is only ever touched on that loop.
// @unchecked Sendable: the poller and scheduled tasks carry it back to the loop, where all of its state lives.
final class CurlMulti: UpstreamClient, @unchecked Sendable {
    private static let maxConnections = 4096
    private static let tick = TimeAmount.milliseconds(50)

    /// The loop's monotonic time, read once per batch of work.
    private(set) var now: NIODeadline
    /// Counts libcurl's turns; in one turn it reads a plaintext socket at most once.
    private(set) var turn: UInt64 = 0

    private let eventLoop: any EventLoop
    private let policy: UpstreamPolicy
    private let clock: @Sendable () -> NIODeadline
    private let multi: UnsafeMutableRawPointer
    private let authorities: CurlAuthorities
    private let poller: CurlPoller
    private let sockets: CurlSockets
    private let timer: CurlTimer
    private var handles = CurlHandlePool()
    private var urls = CurlURLCache()
    private var live = LiveCalls<CurlTransfer>()
    private var dirty: [CurlTransfer] = []
    private var isDriveScheduled = false
    /// Whether deliveries follow by themselves before control goes back to the loop.
    private var isWorking = false
    private var isTicking = false
    private var isShutDown = false

    /// - Parameter clock: monotonic time for all limits but that on connecting.
    init(
        eventLoop: any EventLoop, policy: UpstreamPolicy, authorities: CurlAuthorities,
        clock: @escaping @Sendable () -> NIODeadline
    ) throws {
        guard CurlGlobal.isReady, let multi = curl_multi_init() else {
            throw UpstreamError(stage: .notSent, reason: .connect, detail: "libcurl cannot start")
        }
        self.multi = multi
        self.eventLoop = eventLoop
        self.policy = policy
        self.clock = clock
        self.authorities = authorities
        now = clock()
        do {
            poller = try CurlPoller()
            sockets = try CurlSockets(epoll: poller.epoll)
        } catch {
            curl_multi_cleanup(multi)
            throw error
        }
        timer = CurlTimer(eventLoop: eventLoop)
        CurlCallbacks.install(on: multi, sockets: sockets, timer: timer)
        ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.maxConnections)
        // One call a connection, in HTTP/2 too: libcurl stops reading a shared one when a single stream is paused,
        // and one tenant's slow client would hold up the others.
        ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        timer.onDue = { [weak self] in self?.scheduleDrive() }
        do {
            try poller.start(on: eventLoop) { [weak self] batch in self?.handle(batch) }
        } catch {
            tearDown()
            throw error
        }
    }

    deinit {
        if !isShutDown {
            tearDown()
        }
    }

    func send(_ request: UpstreamRequest, delegate: any UpstreamDelegate) -> any UpstreamCall {
        eventLoop.assertInEventLoop()
        now = clock()
        let transfer = CurlTransfer(request, client: self, delegate: delegate, now: now)
        live.add(transfer)
        if let error = start(transfer, request) {
            transfer.fail(error)
            markDirty(transfer)
            scheduleDrive()
        }
        startTicking()
        return transfer
    }

    func shutdown() {
        eventLoop.assertInEventLoop()
        guard !isShutDown else { return }
        for transfer in live.all {
            transfer.failOnShutdown()
            detach(transfer)
            markDirty(transfer)
        }
        tearDown()
        deliver()
    }

    // MARK: For its transfers

    func markDirty(_ transfer: CurlTransfer) {
        guard !transfer.isDirty else { return }
        transfer.isDirty = true
        dirty.append(transfer)
        if !isWorking {
            scheduleDrive()
        }
    }

    /// Lets libcurl read again; what it had kept back arrives before this returns.
    func unpause(_ handle: CurlHandle) {
        curl_easy_pause(handle.easy, ccurl_pause_none())
        // libcurl does not always ask for it, and the bytes that woke the socket are long gone.
        scheduleDrive()
    }

    /// Forgets an ended call; a connection still busy with it is closed.
    func release(_ transfer: CurlTransfer) {
        detach(transfer)
        live.remove(transfer)
    }

    // MARK: Driving libcurl

    private func start(_ transfer: CurlTransfer, _ request: UpstreamRequest) -> UpstreamError? {
        guard !isShutDown else {
            return UpstreamError(stage: .notSent, reason: .connect, detail: "client is shut down")
        }
        guard let url = urls.url(request.url) else {
            return UpstreamError(stage: .notSent, reason: .invalidURL, detail: "not an http or https URL")
        }
        guard FieldSyntax.isMethod(request.method), let headers = url.headerList(request.headers) else {
            return UpstreamError(stage: .notSent, reason: .malformed, detail: "method or header not allowed in HTTP")
        }
        guard
            let handle = handles.take() ?? CurlHandle(sockets: sockets, policy: policy, authorities: authorities)
        else {
            return UpstreamError(stage: .notSent, reason: .connect, detail: "no memory for another call")
        }
        handle.configure(request, url: url, headers: headers)
        handle.transfer = transfer
        transfer.handle = handle
        let code = curl_multi_add_handle(multi, handle.easy)
        guard code == CURLM_OK else {
            return UpstreamError(stage: .notSent, reason: .connect, detail: String(cString: curl_multi_strerror(code)))
        }
        scheduleDrive()
        return nil
    }

    private func scheduleDrive() {
        guard !isDriveScheduled else { return }
        isDriveScheduled = true
        eventLoop.execute { self.drive() }
    }

    private func drive() {
        isDriveScheduled = false
        guard !isShutDown else { return deliver() }
        begin()
        act(ccurl_socket_timeout(), 0)
        settle()
    }

    private func handle(_ batch: CurlPoller.Batch) {
        guard !isShutDown else { return }
        begin()
        for event in batch {
            if let ready = sockets.ready(event) {
                act(ready.socket, ready.bits)
            }
        }
        settle()
    }

    private func act(_ socket: Int32, _ bits: Int32) {
        var running: Int32 = 0
        turn &+= 1
        curl_multi_socket_action(multi, socket, bits, &running)
    }

    private func begin() {
        isWorking = true
        now = clock()
    }

    private func settle() {
        collectFinished()
        deliver()
        isWorking = false
        if !isShutDown {
            sockets.flush()
        }
    }

    private func collectFinished() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining)?.pointee {
            guard message.msg == CURLMSG_DONE, let easy = message.easy_handle,
                let transfer = CurlCallbacks.handle(of: easy)?.transfer
            else { continue }
            transfer.didFinish(message.data.result)
            detach(transfer)
            markDirty(transfer)
        }
    }

    private func deliver() {
        var index = 0
        while index < dirty.count {
            let transfer = dirty[index]
            index += 1
            transfer.isDirty = false
            if !transfer.isOver {
                transfer.deliver()
            }
        }
        dirty.removeAll(keepingCapacity: true)
    }

    private func detach(_ transfer: CurlTransfer) {
        guard let handle = transfer.handle else { return }
        transfer.handle = nil
        curl_multi_remove_handle(multi, handle.easy)
        handle.clear()
        handles.put(handle)
    }

    private func tearDown() {
        isShutDown = true
        timer.cancel()
        handles.removeAll()
        curl_multi_cleanup(multi)
        poller.stop()
    }

    // MARK: Time limits

    private func startTicking() {
        guard !isTicking, !isShutDown else { return }
        isTicking = true
        eventLoop.scheduleTask(in: Self.tick) { self.checkLimits() }
    }

    private func checkLimits() {
        isTicking = false
        guard !isShutDown, !live.all.isEmpty else { return }
        begin()
        for transfer in live.all {
            if let error = transfer.expiry(at: now) {
                transfer.fail(error)
                detach(transfer)
                markDirty(transfer)
            }
        }
        startTicking()
        settle()
    }
}
