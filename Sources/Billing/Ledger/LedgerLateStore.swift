public import GRDB
import Logging
import Tenancy

/// Amounts that become known after the call: they count where they belong, or in the open month if that is closed.
extension Ledger {
    /// Charges or releases an uncertain hold in the ledger, durably. `also` joins the transaction, e.g. to audit it. A
    /// charge above the hold makes an excess entry. A hold of a closed month is booked now, as a correction of that
    /// month. Throws `HoldError.notFound` or `LedgerError.unavailable`.
    public func resolve(
        _ id: HoldID,
        _ resolution: HoldResolution,
        also: @escaping @Sendable (Database) throws -> Void = { _ in }
    ) async throws {
        let books = books
        let now = time.now()
        let charge: Money? = if case .charge(let amount) = resolution { amount } else { nil }
        // Before budgets are opened in the same turn, so that those find the charge in the roll-ups.
        let (cost, lateKeys) = try await journal.write(
            isResolution: true,
            { db -> (Money, [AccountKey]?) in
                guard let hold = try LedgerStore.uncertainHold(id, db) else { throw HoldError.notFound }
                let month = BillingPeriod(containing: hold.admittedAt)
                let isLate = try PeriodStore.period(db, month).status == .closed
                let lines: [LedgerEntry]
                let keys: [AccountKey]
                if isLate {
                    let scope = (hold.tenantID, ID<APIKey>?.some(hold.keyID), hold.model, hold.pool)
                    let booking = books.withLock { $0.booking(of: scope, at: now) }
                    lines = LedgerEntry.lines(
                        resolving: hold.counted(at: booking.at), charge: charge, at: booking.at, correcting: month)
                    keys = booking.keys
                } else {
                    lines = LedgerEntry.lines(resolving: hold, charge: charge, at: now)
                    keys = books.withLock { state in state.uncertain[id].map { state.keys(of: $0) } ?? [] }
                }
                try LedgerBatchStore.resolve(lines, keys, db)
                try also(db)
                return (lines.reduce(.zero) { $0 + $1.cost }, isLate ? keys : nil)
            },
            committed: { cost, lateKeys in
                books.withLock { state in
                    if let hold = state.uncertain[id], cost > hold.amount { state.counters.excess += 1 }
                    state.resolve(id, charge: lateKeys == nil ? cost : .zero)
                    if let lateKeys { state.post(cost, to: lateKeys) }
                }
            }
        )
        logger.info(
            "uncertain hold resolved",
            metadata: ["hold": "\(id)", "cost": "\(cost.decimal)", "late": "\(lateKeys != nil)"])
    }

    /// Books an operator's correction of a closed month in the open one, durably, and returns it with the instant it
    /// counts at. No cap refuses it. `also` joins the transaction with what is booked. Throws `PeriodError.notClosed`,
    /// `BillingError` or `LedgerError.unavailable`.
    public func correct(
        _ asked: Correction,
        also: @escaping @Sendable (Correction, Database) throws -> Void = { _, _ in }
    ) async throws -> Correction {
        let books = books
        let (booked, _) = try await journal.write(
            isResolution: true,
            { db -> (Correction, [AccountKey]) in
                guard try PeriodStore.period(db, asked.correctsPeriod).status == .closed else {
                    throw PeriodError.notClosed
                }
                let scope = (asked.tenantID, asked.keyID, asked.model, asked.pool)
                let booking = books.withLock { $0.booking(of: scope, at: asked.createdAt) }
                let correction = asked.counted(at: booking.at)
                try CorrectionStore.insert(correction, db)
                try LedgerBatchStore.book([LedgerEntry.line(of: correction)], booking.keys, db)
                try also(correction, db)
                return (correction, booking.keys)
            },
            committed: { correction, keys in books.withLock { $0.post(correction.amount, to: keys) } }
        )
        logger.info(
            "a closed month was corrected",
            metadata: ["correction": "\(booked.id)", "period": "\(booked.correctsPeriod)"])
        return booked
    }

    /// The calls under way that were admitted in the month; it is not closed before they ended.
    public func liveHolds(in month: BillingPeriod) -> Int {
        books.withLock { $0.liveHolds(in: month) }
    }
}
