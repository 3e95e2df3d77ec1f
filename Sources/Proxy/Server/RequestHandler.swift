import Billing
import NIOCore
import NIOHTTP1
import Synchronization
import Tenancy

/// The shell of one request: proves the key, then answers it itself or opens an exchange with a backend.
final class RequestHandler {
    let request: IncomingRequest
    let connection: ConnectionHandler
    private var exchange: Exchange?
    private var isGone = false
    private var plane: DataPlane { connection.plane }

    init(_ request: IncomingRequest, connection: ConnectionHandler) {
        self.request = request
        self.connection = connection
    }

    func start() {
        guard request.route.needsKey else { return answerHealth() }
        guard var key = request.key else { return deny(.invalidKey) }
        let address = plane.clientAddress(of: connection.peerAddress, headers: request.headers)
        let verdict = key.withUTF8 {
            plane.keyRing.authenticate(UnsafeRawBufferPointer($0), clientAddress: address, at: plane.time.now())
        }
        switch verdict {
        case .accepted(let principal): proceed(principal)
        case .refused: deny(.invalidKey)
        case .needsCheck(let pending): check(pending)
        }
    }

    /// Only a cold, well-formed, known key comes here; argon2 runs on threads of its own.
    private func check(_ pending: PendingCheck) {
        let loop = connection.loop.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        plane.keyRing.check(pending) { outcome in
            loop.execute { bound.value.checked(outcome) }
        }
    }

    private func checked(_ outcome: CheckOutcome) {
        if isGone { return }
        switch outcome {
        case .accepted(let principal):
            // The check took a while: the key may have been revoked meanwhile.
            switch plane.directory.current(principal, at: plane.time.now()) {
            case .good(let fresh): proceed(fresh)
            case .suspended: deny(.tenantSuspended)
            case .refused: deny(.invalidKey)
            }
        case .refused: deny(.invalidKey)
        case .busy: deny(.keyCheckBusy)
        }
    }

    private func proceed(_ principal: Principal) {
        switch request.route {
        case .metered(let kind):
            let exchange = Exchange(request, kind: kind, principal: principal, connection: connection)
            self.exchange = exchange
            exchange.start()
        case .models, .model, .balance:
            if principal.tenant.tenant.suspended { return deny(.tenantSuspended) }
            answerFromDirectory(principal)
        case .health, .readiness:
            answerHealth()
        }
    }

    private func answerFromDirectory(_ principal: Principal) {
        let answers = TenantAnswers(plane: plane, principal: principal)
        switch request.route {
        case .models:
            respond(status: 200, json: answers.models())
        case .model(let name):
            guard let body = answers.model(name) else { return deny(.modelNotFound(name)) }
            respond(status: 200, json: body)
        default:
            respond(status: 200, json: answers.balance())
        }
    }

    private func answerHealth() {
        let isReady =
            request.route == .health || !plane.isDraining.load(ordering: .relaxed) && plane.ledger.isWritable
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.key("status")
            json.string(isReady ? "ok" : "unavailable")
        }
        respond(status: isReady ? 200 : 503, json: json.buffer)
    }

    func deny(_ denial: Denial) {
        plane.metrics.count(tenant: "", pool: "", model: "", outcome: denial.outcome)
        let response = ErrorResponse(denial, shape: request.shape)
        let body = response.body(requestID: request.id)
        connection.writeHead(
            status: response.status,
            headers: response.headers(requestID: request.id, bodyBytes: body.readableBytes))
        connection.writeBody(body)
        connection.endAnswer()
    }

    private func respond(status: Int, json: ByteBuffer) {
        var headers = [("content-type", "application/json"), ("content-length", String(json.readableBytes))]
        request.shape.name(request.id, in: &headers)
        connection.writeHead(status: status, headers: headers)
        connection.writeBody(json)
        connection.endAnswer()
    }

    // MARK: The client's side

    func clientLeft() {
        isGone = true
        exchange?.clientLeft()
    }

    /// A half-close is not a disconnect; only a client that is wholly gone answers the next write with a reset.
    func clientHalfClosed() {
        exchange?.clientHalfClosed()
    }

    func clientWritable(_ isWritable: Bool) {
        exchange?.clientWritable(isWritable)
    }
}
