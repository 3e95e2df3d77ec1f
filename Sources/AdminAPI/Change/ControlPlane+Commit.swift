import Billing
import Hummingbird
import Tenancy

extension ControlPlane {
    /// Commits a change together with its audit row and, under an idempotency key, its answer: all of them or none.
    ///
    /// `answer` is asked within the transaction; `committed` runs on the writer's thread before this returns. What
    /// changes nothing leaves no audit row. Throws what `body` throws, `Problem.unauthenticated` or
    /// `LedgerError.unavailable`.
    func commit<Value: Sendable>(
        _ context: AdminContext,
        audit: AuditEntry?,
        answer: @escaping @Sendable (Value) -> Answer,
        _ body: @escaping @Sendable (TenancyStore.Transaction) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Response {
        let record = record(context)
        let done = try await write(context) { db in
            let value = try body(db)
            let given = answer(value)
            if let audit, audit.isChange { try TenancyStore.audit(db, audit) }
            try record(given, db)
            return (value: value, answer: given)
        } committed: { done in
            committed(done.value)
        }
        return done.answer.response
    }

    /// The same for a change whose answer is known before.
    func commit<Value: Sendable>(
        _ context: AdminContext,
        audit: AuditEntry?,
        answer: Answer,
        _ body: @escaping @Sendable (TenancyStore.Transaction) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Response {
        try await commit(context, audit: audit, answer: { _ in answer }, body, committed: committed)
    }

    /// Answers a POST that has no transaction of its own; under an idempotency key the answer is kept.
    func reply(_ context: AdminContext, _ answer: Answer) async throws -> Response {
        guard context.ticket != nil else {
            guard context.caller.stands(at: time.now(), in: adminKeys.directory) else { throw Problem.unauthenticated }
            return answer.response
        }
        let record = record(context)
        try await write(context) { db in try record(answer, db) }
        return answer.response
    }

    /// Writes in the name of the caller: the one way in which a request changes anything. Throws
    /// `Problem.unauthenticated`, and nothing is written, if the caller's credential does not stand any more.
    func write<Value: Sendable>(
        _ context: AdminContext,
        _ body: @escaping @Sendable (TenancyStore.Transaction) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        let prove = prove(context)
        return try await journal.write(
            { db in
                try prove(db)
                return try body(db)
            }, committed: committed)
    }

    /// Proves the caller within a transaction that is not begun here: after the answer to a revocation, nothing that
    /// the key began is committed.
    func prove(_ context: AdminContext) -> @Sendable (TenancyStore.Transaction) throws -> Void {
        let (caller, time) = (context.caller, time)
        return { db in
            guard try caller.stands(at: time.now(), in: db) else { throw Problem.unauthenticated }
        }
    }

    /// Keeps an answer within a transaction, if the request has an idempotency key.
    func record(_ context: AdminContext) -> @Sendable (Answer, TenancyStore.Transaction) throws -> Void {
        let (ticket, now) = (context.ticket, time.now())
        return { answer, db in
            if let ticket { try TenancyStore.keep(db, ticket.record(answer, at: now)) }
        }
    }
}
