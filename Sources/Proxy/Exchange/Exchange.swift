import Billing
import NIOCore
import NIOHTTP1
import Tenancy

/// One metered call, from its body to the end of its answer; confined to its event loop.
///
/// Read on in `Exchange+Holding` (backend and money), `Exchange+Calling` (the attempt), `Exchange+Failing` (what
/// follows a failed one) and `Exchange+Ending`.
final class Exchange {
    let request: IncomingRequest
    let principal: Principal
    /// The instant at which the principal was found good.
    let judgedAt: Timestamp
    let connection: ConnectionHandler
    let plane: DataPlane
    let eventLoop: any EventLoop
    let kind: AskKind
    let dialect: Dialect
    var life = RequestLife()
    var admission: Admission?

    // Holding: where the next attempt goes and what pays for it.
    var lease: BackendLease?
    /// Where it may go: targets whose hold fits, less the backends that failed it already.
    var routing: RoutingAsk
    /// Targets whose hold did not fit.
    var unaffordable: Set<Int> = []
    /// Targets whose pool the tenant lost while the request waited.
    var withdrawn: Set<Int> = []
    /// What to wait for, or to refuse for: the first shortage that waiting helps with, else the first of all.
    var shortage: (target: Int, shortage: Ledger.Shortage)?
    /// The finished attempt that the next hold is swapped for.
    var failedAttempt: Settlement?
    /// A retry was taken from what all requests share, and not made yet.
    var hasPaidRetry = false
    /// Attempts made, emergency ones apart.
    var attempts = 0
    var emergencyAttempts = 0
    /// Backends that emergency passthrough leaves out: it tried them, or they broke this very request.
    var spent: Set<Backend.Identity> = []
    /// What all attempts met.
    var faults = FaultSummary()
    var poolWaiter: PoolWaiter?
    var budgetWaiting: Waiting?
    var timer: Scheduled<Void>?
    /// Where the attempt at hand went, also after its slot was given back.
    var lastBackend: Backend?
    /// The attempt at hand was let through by emergency passthrough.
    var isEmergency = false

    var totals = AttemptTotals()
    /// Nanoseconds that backends had the call, of all attempts.
    var timeAtBackends: Int64 = 0

    // Calling: the attempt at hand.
    var call: (any UpstreamCall)?
    var answer = Answer.none
    /// What a whole answer says, once it was read.
    var reading: WholeReading?
    var answerStatus = 0
    /// What the status alone is, when it is no answer to pass on.
    var answerFault: AttemptFault?
    var answerBytes: Int64 = 0
    var sentAt: Int64 = 0
    var answeredAt: Int64 = 0
    var headAt: Int64 = 0
    var firstEventAt: Int64 = 0
    /// The model's name at the backend of the attempt at hand.
    var upstreamModel = ""

    /// Nil unless the call is recorded.
    var trace: RequestTrace?
    /// What the last answer called itself, where the call is recorded.
    var identityOfAnswer = AnswerIdentity()

    init(
        _ request: IncomingRequest, kind: AskKind, principal: Principal, judgedAt: Timestamp,
        connection: ConnectionHandler
    ) {
        self.request = request
        self.kind = kind
        dialect = Dialect(kind)
        self.principal = principal
        self.judgedAt = judgedAt
        self.connection = connection
        plane = connection.plane
        eventLoop = connection.loop.eventLoop
        routing = RoutingAsk(tenant: principal.tenant.tenant.id, kind: kind.backendKind, targets: [])
        trace = plane.tracer?.begin(request.headers, using: &connection.loop.randomness)
    }

    func start(_ ask: Result<Ask, AskError>) {
        switch ask {
        case .failure(let error):
            end(with: .badRequest(code: error.code, param: error.param, message: error.message))
        case .success(let ask):
            if isAdmitted(ask, at: judgedAt) { seek() }
        }
    }

    /// Judges the call by what holds at an instant; false when it was refused.
    func isAdmitted(_ ask: Ask, at instant: Timestamp) -> Bool {
        switch plane.admission.open(principal, ask: ask, requestID: request.id, at: instant) {
        case .failure(let denial):
            end(with: denial)
            return false
        case .success(let admission):
            self.admission = admission
            beginRouting(admission)
            return true
        }
    }

    // MARK: The client's side

    func clientLeft() {
        let policy = lease?.backend.definition.onDisconnect ?? .abort
        switch life.clientLeft(policy) {
        case .none, .releaseOnceRecorded: break
        case .leaveQueue: leaveQueues()
        case .abortCall: abandonCall()
        case .keepReading: call?.resume()
        }
    }

    func clientHalfClosed() {
        // A comment is ignored by every reader, and a client that is wholly gone answers it with a reset.
        if life.stage == .calling, life.headIsSent, case .events = answer {
            connection.writeBody(ByteBuffer(string: ":\n\n"))
            connection.flush()
        }
    }

    func clientWritable(_ isWritable: Bool) {
        guard life.stage == .calling, life.headIsSent else { return }
        if isWritable { call?.resume() } else { call?.pause() }
    }

    // MARK: Helpers of all stages

    /// Runs `body` on this exchange's loop, from wherever the returned function is called: later, or at once where the
    /// caller allows that and is on the loop already.
    func onLoop<Value: Sendable>(
        orAtOnce isAtOnce: Bool = false, _ body: @escaping @Sendable (Exchange, Value) -> Void
    ) -> @Sendable (Value) -> Void {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let loop = eventLoop
        return { value in
            if isAtOnce, loop.inEventLoop { return body(bound.value, value) }
            loop.execute { body(bound.value, value) }
        }
    }

    func setTimer(milliseconds: Int64, _ body: @escaping @Sendable (Exchange) -> Void) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleTask(in: .milliseconds(milliseconds)) { body(bound.value) }
    }

    func stopTimer() {
        timer?.cancel()
        timer = nil
    }
}
