import GRDB
import Tenancy

/// The writes of a close, inside the caller's transaction.
enum PeriodCloseStore {
    /// What was read before the transaction does not hold any more: read again.
    struct Stale: Error {}

    /// Stores a request to close, or another one in its place.
    static func request(_ period: Period, _ db: Database) throws {
        guard let closing = period.closing, period.status == .closing else { return }
        try db.execute(
            sql: """
                INSERT INTO periods (period, status, requested_at, requested_by, due_at) VALUES (?, 'closing', ?, ?, ?)
                ON CONFLICT (period) DO UPDATE SET requested_at = excluded.requested_at,
                    requested_by = excluded.requested_by, due_at = excluded.due_at
                """,
            arguments: [
                period.month.text, closing.requestedAt.microseconds, closing.requestedBy, closing.dueAt.microseconds,
            ])
    }

    /// Freezes a month that nothing can be added to any more: its facts, the head of its chain, its manifest. Throws
    /// `Stale` when entries or closed months were added since the scan.
    static func close(
        _ month: BillingPeriod,
        _ scan: PeriodScan,
        _ sources: PeriodSources,
        at now: Timestamp,
        _ db: Database
    ) throws -> Period {
        let newest = try PeriodStore.newestClosed(db)?.seal
        guard try PeriodStore.lastSequence(db, month) == scan.lastSequence, newest?.chainHead == scan.previousHead
        else { throw Stale() }
        let period = try PeriodStore.period(db, month)
        let facts = try PeriodFactsStore.live(db, period, scan.names, sources)
        try PeriodFactsStore.freeze(facts, db)
        let seal = PeriodManifest.Fields(
            closedAt: now, formatVersion: facts.formatVersion, softwareVersion: facts.softwareVersion,
            entries: scan.entries, lastSequence: scan.lastSequence, cost: scan.cost, chainHead: scan.chainHead,
            factsSHA256: try PeriodFactsStore.digest(db, month),
            previousManifestSHA256: facts.previousManifestSHA256, number: (newest?.number ?? 0) + 1
        ).sealed(month)
        try db.execute(
            sql: """
                UPDATE periods SET status = 'closed', number = ?, closed_at = ?, format_version = ?,
                    software_version = ?, entries = ?, last_seq = ?, cost_micro = ?, cost_pico = ?, chain_head = ?,
                    facts_sha256 = ?, manifest_sha256 = ?, previous_manifest_sha256 = ?
                WHERE period = ?
                """,
            arguments: [
                seal.number, seal.closedAt.microseconds, seal.formatVersion, seal.softwareVersion, seal.entries,
                seal.lastSequence, seal.cost.micro, seal.cost.remainder, seal.chainHead, seal.factsSHA256,
                seal.manifestSHA256, seal.previousManifestSHA256, month.text,
            ])
        return Period(month, closing: period.closing, seal: seal)
    }
}
