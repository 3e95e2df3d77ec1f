import Dispatch
import GRDB
import Synchronization
public import Tenancy

/// Replays the ledger against a proposed limit, on a read-only connection of its own and off every shared thread.
public enum DryRunStore {
    /// The days that can be asked for.
    public static let days: ClosedRange<Int64> = 1...92
    /// How long one replay may read, in milliseconds.
    public static let longestMS = 10_000

    /// Set when the time is over: an interrupt between two statements would be lost.
    private final class Alarm: Sendable {
        let hasRung = Atomic<Bool>(false)
    }

    private static let queue = DispatchQueue(label: "dry-run")
    private static let day: Int64 = 86_400_000
    /// Entries stand in the order they were committed in; one that had to wait for the disk this long is missed.
    private static let longestDelay: Int64 = 86_400_000_000

    /// What the budget would have refused in the last `days` days with `limit`, in its own windows and scope. Replays
    /// run one after the other. Throws `DryRunError`, `BillingError.unknownTenant` or what the database throws.
    public static func run(
        path: String,
        _ budget: Budget,
        limit: Money,
        days: Int64,
        at now: Timestamp,
        longestMS: Int = longestMS
    ) async throws -> DryRun {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result { try replay(path, budget, limit: limit, days: days, at: now, longestMS) })
            }
        }
    }

    private static func replay(
        _ path: String,
        _ budget: Budget,
        limit: Money,
        days: Int64,
        at now: Timestamp,
        _ longestMS: Int
    ) throws -> DryRun {
        let file = try DatabaseFile.openReadOnly(path: path)
        let alarm = Alarm()
        let ring = DispatchWorkItem {
            alarm.hasRung.store(true, ordering: .relaxed)
            file.pool.interrupt()
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(longestMS), execute: ring)
        defer {
            ring.cancel()
            // It was only read, by nobody else, and the answer is decided.
            try? file.close()
        }
        do {
            let from = now.adding(milliseconds: -days * day)
            return try file.read { db in try replay(db, budget, limit: limit, from: from, to: now, alarm) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
            throw DryRunError.tooLong
        }
    }

    private static func replay(
        _ db: Database,
        _ budget: Budget,
        limit: Money,
        from: Timestamp,
        to: Timestamp,
        _ alarm: Alarm
    ) throws -> DryRun {
        guard let name = try LedgerStore.zoneNames(db, tenant: budget.tenantID)[budget.tenantID] else {
            throw BillingError.unknownTenant(budget.tenantID.text)
        }
        guard let zone = CalendarZone(identifier: name) else { throw BillingError.unknownZone(name) }
        // Whole quarters before come from the roll-ups, the rest of the quarter from the entries themselves.
        let start = Timestamp(microseconds: RollUpSums.start(of: from, span: RollUpSums.quarter))
        let before = BudgetWindow(start: BudgetWindow(budget.window, containing: from, in: zone).start, end: start)
        var replay = BudgetReplay(
            window: budget.window, zone: zone, limit: limit, from: from, to: to,
            opening: try LedgerStore.posted(budget, before, db))
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT request_id, admitted_at, kind, cost, key_id, model FROM ledger
                WHERE seq >= :first AND tenant_id = :tenant AND admitted_at >= :start
                    AND (:key IS NULL OR key_id = :key) AND (:model IS NULL OR model = :model)
                    AND (:pool IS NULL OR pool = :pool)
                ORDER BY admitted_at, request_id, attempt, seq
                """,
            arguments: [
                "first": try LedgerStore.firstSequence(endedSince: start.microseconds - longestDelay, db),
                "tenant": budget.tenantID.text, "start": start.microseconds, "key": budget.keyID?.text,
                "model": budget.model, "pool": budget.pool,
            ]
        )
        while let row = try rows.next() {
            guard !alarm.hasRung.load(ordering: .relaxed) else { throw DryRunError.tooLong }
            guard let kind = LedgerEntry.Kind(rawValue: row[2]) else { throw BillingError.damaged("ledger") }
            replay.take(
                BudgetReplay.Line(
                    requestID: row[0], admittedAt: Timestamp(microseconds: row[1]), kind: kind,
                    cost: Money(pico: Int128(row[3] as Int64)), keyID: ID(row[4]), model: row[5]))
        }
        return replay.finish()
    }
}
