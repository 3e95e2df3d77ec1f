import Billing
import Dispatch
import Logging
import Proxy
import Synchronization
import Tenancy

/// Sends what is in the outbox: a few messages at once, one at a time to each webhook, each until it arrives or is
/// given up. A message may arrive twice, with the same id, if the process dies before the answer is stored.
public final class WebhookSender: Sendable {
    /// What a receiver answered.
    struct Answer: Sendable {
        let status: Int
        var retryAfterSeconds: Int64?
    }

    /// One call, which waits for its end.
    typealias Call = @Sendable (_ url: String, _ headers: [(String, String)], _ body: String) throws -> Answer

    private struct State {
        /// Webhooks that are being sent to.
        var busy: Set<ID<Webhook>> = []
        /// Attempts that ended since the start.
        var ended = 0
        /// Nothing is sent before, because the end of an attempt could not be stored.
        var pauseUntil = Timestamp(microseconds: 0)
        var isStopped = false
        var whenIdle: [CheckedContinuation<Void, Never>] = []
    }

    /// Messages sent at once.
    static let atOnce = 4
    /// Limit on one whole call.
    static let callMS: Int64 = 10_000
    private static let answerBytes = 1 << 20
    private static let pauseMS: Int64 = 5000
    private static let prunedAtOnce = 200

    private let file: DatabaseFile
    private let journal: Journal
    private let keys: MasterKeyHolder
    private let time: any TimeSource
    private let logger: Logger
    private let call: Call
    private let queue = DispatchQueue(label: "webhooks", attributes: .concurrent)
    private let state = Mutex(State())

    /// A sender at rest: nothing is sent before `tick` is called.
    convenience init(
        file: DatabaseFile,
        journal: Journal,
        keys: MasterKeyHolder,
        upstream: UpstreamPolicy,
        time: any TimeSource,
        logger: Logger,
        version: String
    ) {
        let agent = "tollgate/" + version
        self.init(file: file, journal: journal, keys: keys, time: time, logger: logger) {
            url, headers, body in
            let answer = try HTTPFetch.run(
                method: "POST", url: url,
                headers: headers + [("content-type", "application/json"), ("user-agent", agent)],
                body: Array(body.utf8), timeoutMS: Self.callMS, maxBody: Self.answerBytes, policy: upstream)
            let asked = answer.headers.first { $0.0.utf8.elementsEqual("retry-after".utf8) }.flatMap { Int64($0.1) }
            return Answer(status: answer.status, retryAfterSeconds: asked)
        }
    }

    init(
        file: DatabaseFile,
        journal: Journal,
        keys: MasterKeyHolder,
        time: any TimeSource,
        logger: Logger,
        call: @escaping Call
    ) {
        self.file = file
        self.journal = journal
        self.keys = keys
        self.time = time
        self.logger = logger
        self.call = call
    }

    /// Starts sending what is due.
    public func tick() {
        let now = time.now()
        let (mayLook, ended) = state.withLock { state in
            (!state.isStopped && state.busy.count < Self.atOnce && state.pauseUntil <= now, state.ended)
        }
        guard mayLook else { return }
        let due: [(Webhook, WebhookDelivery)]
        do {
            due = try file.read { db in try WebhookStore.due(db, at: now) }
        } catch {
            logger.warning("the outbox cannot be read", metadata: ["reason": "\(error)"])
            return
        }
        for (webhook, delivery) in due {
            let mayStart = state.withLock { state in
                // What was read before an attempt ended may have arrived by it; whoever ended it looks again.
                !state.isStopped && state.ended == ended && state.busy.count < Self.atOnce
                    && state.busy.insert(webhook.id).inserted
            }
            if mayStart { send(delivery, to: webhook) }
        }
    }

    /// Removes from the log what is older than so many milliseconds, or than the log is kept at most.
    public func prune(keptMS: Int64) async {
        let now = time.now()
        let kept = min(WebhookStore.keptMS, keptMS)
        do {
            guard try file.read({ db in try WebhookStore.isPrunable(db, at: now, keptMS: kept) }) else { return }
            try await journal.write { db in
                try WebhookStore.prune(db, at: now, keptMS: kept, limit: Self.prunedAtOnce)
            }
        } catch {
            logger.warning("the log of webhooks cannot be pruned", metadata: ["reason": "\(error)"])
        }
    }

    /// Starts nothing more and returns when nothing is being sent.
    public func stop() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                state.isStopped = true
                if !state.busy.isEmpty { state.whenIdle.append(continuation) }
                return state.busy.isEmpty
            }
            if isIdle { continuation.resume() }
        }
    }

    /// Sends a test message now, once, and keeps it in the log. One that arrives takes back a webhook that was given
    /// up; `entry` is the audit row of that. Throws when it cannot be written, or what `prove` throws in the
    /// transaction.
    func test(
        _ webhook: Webhook,
        prove: @escaping @Sendable (TenancyStore.Transaction) throws -> Void = { _ in },
        entry: @Sendable () -> AuditEntry
    ) async throws -> WebhookDelivery {
        let now = time.now()
        let event = AlertEvent.test(webhook: webhook.id.text, at: now)
        let delivery = WebhookDelivery(
            id: ID.make(prefix: "whd", at: now), webhookID: webhook.id, messageID: event.id.text, event: event.type,
            body: try AlertStore.body(event), createdAt: now)
        let attempt = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.attempt(delivery, at: webhook)) }
        }
        let enabling = entry()
        return try await journal.write { db in
            try prove(db)
            let wasDisabled = try WebhookStore.webhook(db, webhook.id)?.disabledAt != nil
            if wasDisabled, attempt.hasArrived { try TenancyStore.audit(db, enabling) }
            return try WebhookStore.record(test: attempt, delivery, db)
        }
    }

    // MARK: One message

    private func send(_ delivery: WebhookDelivery, to webhook: Webhook) {
        queue.async { [self] in
            let attempt = attempt(delivery, at: webhook)
            Task {
                await finish(attempt, delivery)
                leave(webhook.id)
                tick()
            }
        }
    }

    private func attempt(_ delivery: WebhookDelivery, at webhook: Webhook) -> WebhookAttempt {
        let began = time.uptime()
        do {
            let secret = try webhook.openSecret(with: keys.current)
            guard
                let headers = WebhookSignature.headers(
                    id: delivery.messageID, at: time.now(), body: delivery.body, secret: secret)
            else { return ended(began, error: "the message could not be signed") }
            let answer = try call(webhook.url, headers, delivery.body)
            return ended(began, status: answer.status, retryAfter: answer.retryAfterSeconds)
        } catch {
            return ended(began, error: String("\(error)".prefix(300)))
        }
    }

    private func ended(
        _ began: Int64,
        status: Int? = nil,
        error: String? = nil,
        retryAfter: Int64? = nil
    ) -> WebhookAttempt {
        WebhookAttempt(
            status: status, error: error, retryAfterSeconds: retryAfter, endedAt: time.now(),
            milliseconds: (time.uptime() - began) / 1_000_000)
    }

    private func finish(_ attempt: WebhookAttempt, _ delivery: WebhookDelivery) async {
        let dice = UInt64.random(in: 0...UInt64.max)
        let entry = AuditEntry(
            id: ID.make(prefix: "aud", at: attempt.endedAt), at: attempt.endedAt, actor: "system",
            action: "webhook.disable", subject: delivery.webhookID.text, requestID: delivery.messageID)
        do {
            let reason = try await journal.write { db in
                let reason = try WebhookStore.finish(attempt, delivery, dice: dice, db)
                if reason != nil { try TenancyStore.audit(db, entry) }
                return reason
            }
            log(attempt, delivery, disabledBecause: reason)
        } catch {
            logger.warning("the end of a delivery could not be stored", metadata: ["reason": "\(error)"])
            state.withLock { $0.pauseUntil = time.now().adding(milliseconds: Self.pauseMS) }
        }
    }

    /// The address is not logged: its path is a secret at some receivers.
    private func log(_ attempt: WebhookAttempt, _ delivery: WebhookDelivery, disabledBecause reason: String?) {
        let metadata: Logger.Metadata = [
            "webhook": "\(delivery.webhookID)", "message": "\(delivery.messageID)", "event": "\(delivery.event)",
            "status": "\(attempt.status.map(String.init) ?? "none")", "error": "\(attempt.error ?? "")",
        ]
        if !attempt.hasArrived { logger.warning("a webhook did not take a message", metadata: metadata) }
        guard let reason else { return }
        logger.error("a webhook is disabled", metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
    }

    private func leave(_ webhook: ID<Webhook>) {
        let idle = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.busy.remove(webhook)
            state.ended &+= 1
            guard state.busy.isEmpty else { return [] }
            defer { state.whenIdle = [] }
            return state.whenIdle
        }
        for continuation in idle { continuation.resume() }
    }
}
