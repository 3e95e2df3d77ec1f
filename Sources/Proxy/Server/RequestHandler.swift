import Billing
import Logging
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
    /// Where the body waits to be read.
    private var place: AskQueue.Place?
    /// Whose key it was, once that is proven.
    private var principal: Principal?
    private var plane: DataPlane { connection.plane }

    init(_ request: IncomingRequest, connection: ConnectionHandler) {
        self.request = request
        self.connection = connection
    }

    func start() {
        guard request.route.needsKey else { return answerHealth() }
        guard let key = request.key else { return deny(.invalidKey) }
        let address = plane.clientAddress(of: connection.peerAddress, headers: request.headers)
        var text = key.text
        // Read before the directory is: an admission is never stamped later than it was judged.
        let now = plane.time.now()
        let verdict = text.withUTF8 {
            plane.keyRing.authenticate(
                UnsafeRawBufferPointer($0), key.publicID, clientAddress: address, at: now)
        }
        switch verdict {
        case .accepted(let principal): proceed(principal, judgedAt: now)
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
        case .accepted(let principal): goOn(principal, proceed)
        case .refused: deny(.invalidKey)
        case .busy: deny(.keyCheckBusy)
        }
    }

    /// After what took a while: the key may have been revoked meanwhile.
    private func goOn(_ principal: Principal, _ next: (Principal, Timestamp) -> Void) {
        let now = plane.time.now()
        switch plane.directory.current(principal, at: now) {
        case .good(let fresh): next(fresh, now)
        case .suspended: deny(.tenantSuspended)
        case .refused: deny(.invalidKey)
        }
    }

    private func proceed(_ principal: Principal, judgedAt: Timestamp) {
        self.principal = principal
        switch request.route {
        case .metered(let kind): read(kind, of: principal, judgedAt: judgedAt)
        case .models, .model, .balance:
            if principal.tenant.tenant.suspended { return deny(.tenantSuspended) }
            answerFromDirectory(principal)
        case .usage:
            if principal.tenant.tenant.suspended { return deny(.tenantSuspended) }
            answerFromLedger(principal)
        case .health, .readiness:
            answerHealth()
        }
    }

    /// Reads the body, elsewhere if it is long, and opens the exchange.
    private func read(_ kind: AskKind, of principal: Principal, judgedAt: Timestamp) {
        // Only a form says in its head how it is to be read.
        let contentType = kind == .transcription ? request.headers.first(name: "content-type") : nil
        if request.body.readableBytes <= AskQueue.longBytes {
            return open(
                kind, Ask.parse(request.body, kind: kind, contentType: contentType), principal, judgedAt: judgedAt)
        }
        let loop = connection.loop.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        place = plane.asks.parse(request.body, kind: kind, contentType: contentType) { ask in
            loop.execute {
                let handler = bound.value
                if handler.isGone { return }
                handler.place = nil
                handler.goOn(principal) { handler.open(kind, ask, $0, judgedAt: $1) }
            }
        }
    }

    private func open(
        _ kind: AskKind, _ ask: Result<Ask, AskError>, _ principal: Principal, judgedAt: Timestamp
    ) {
        let exchange = Exchange(request, kind: kind, principal: principal, judgedAt: judgedAt, connection: connection)
        self.exchange = exchange
        exchange.start(ask)
    }

    private func answerFromDirectory(_ principal: Principal) {
        let answers = TenantAnswers(plane: plane, principal: principal)
        switch request.route {
        case .models where request.shape == .anthropic:
            do throws(Denial) {
                respond(status: 200, json: answers.models(try AnthropicModelPage(target: request.target)))
            } catch {
                deny(error)
            }
        case .models:
            respond(status: 200, json: answers.models())
        case .model(let name):
            guard let body = answers.model(name, shape: request.shape) else { return deny(.modelNotFound(name)) }
            respond(status: 200, json: body)
        default:
            respond(status: 200, json: answers.balance())
        }
    }

    /// The database is read on a thread of its own, for so many at a time.
    private func answerFromLedger(_ principal: Principal) {
        if let denial = plane.quotas.takeRate(principal, at: plane.time.now()) { return deny(.quota(denial)) }
        let usage: TenantUsage
        do throws(Denial) {
            usage = try TenantUsage(target: request.target, principal: principal, at: plane.time.now())
        } catch {
            return deny(error)
        }
        let tenant = principal.tenant.tenant.id
        let loop = connection.loop.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        do throws(UsageReader.Refusal) {
            try plane.usage.ask(usage.question, of: tenant) { page in
                let body = page.map { usage.body($0) }
                loop.execute { bound.value.answer(body) }
            }
        } catch {
            deny(error == .tenantBusy ? .usageBusy : .readsBusy)
        }
    }

    private func answer(_ body: Result<ByteBuffer, any Error>) {
        if isGone { return }
        switch body {
        case .success(let json): respond(status: 200, json: json)
        case .failure(let error):
            plane.logger.error(
                "usage could not be read", metadata: ["request_id": "\(request.id)", "error": "\(error)"])
            deny(.ledgerUnavailable)
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
        plane.requestLog {
            var line = RequestLine(request, principal, outcome: denial.outcome, plane: plane)
            line.refused(denial)
            return line
        }
        plane.metrics.count(tenant: "", pool: "", model: "", outcome: denial.outcome)
        connection.refuse(denial, of: request, principal)
    }

    private func respond(status: Int, json: ByteBuffer) {
        // Whoever asks after the process's health asks all the time.
        if request.route.needsKey {
            plane.requestLog {
                var line = RequestLine(request, principal, outcome: "ok", plane: plane)
                line.status = status
                return line
            }
        }
        var head = connection.head(status: status)
        head.add("content-type", "application/json")
        // What a tenant is told is for nobody's cache.
        head.add("cache-control", "no-store")
        head.add(bodyBytes: json.readableBytes)
        request.shape.name(request.id, in: &head)
        if let principal { plane.addQuotaHeaders(of: principal, to: &head) }
        connection.write(head)
        connection.writeBody(json)
        connection.endAnswer()
    }

    // MARK: The client's side

    func clientLeft() {
        isGone = true
        place?.leave()
        guard let exchange else {
            return plane.requestLog { RequestLine(request, principal, outcome: "client_gone", plane: plane) }
        }
        exchange.clientLeft()
    }

    /// A half-close is not a disconnect; only a client that is wholly gone answers the next write with a reset.
    func clientHalfClosed() {
        exchange?.clientHalfClosed()
    }

    func clientWritable(_ isWritable: Bool) {
        exchange?.clientWritable(isWritable)
    }
}
