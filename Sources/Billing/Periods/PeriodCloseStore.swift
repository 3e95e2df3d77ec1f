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

    /// What the facts of a scanned month are, compared with those that are stored already.
    static func gather(
        _ month: BillingPeriod,
        _ scan: PeriodScan,
        _ sources: PeriodSources,
        _ db: Database
    ) throws -> PeriodGathering {
        var facts = try PeriodFactsStore.live(db, try PeriodStore.period(db, month), scan.names, sources)
        facts.draws = try PrepaidStore.drawn(db, month)
        return PeriodGathering(
            scan: scan, formatVersion: facts.formatVersion, softwareVersion: facts.softwareVersion,
            previousManifestSHA256: facts.previousManifestSHA256, changes: try PeriodFactsStore.changes(facts, db),
            mark: try mark(db))
    }

    private static func mark(_ db: Database) throws -> PeriodMark {
        func newest(_ table: String) throws -> Int64 {
            try Int64.fetchOne(db, sql: "SELECT MAX(rowid) FROM \(table)") ?? 0
        }
        return PeriodMark(credits: try newest("credits"), corrections: try newest("corrections"))
    }

    /// Freezes a month that nothing can be added to any more and whose facts are written: the head of its chain, its
    /// manifest. Throws `Stale` when entries, closed months, credits or corrections came since they were read,
    /// `BillingError.damaged` when the month closed last has a number that none can follow.
    static func close(
        _ month: BillingPeriod,
        _ gathered: PeriodGathering,
        factsSHA256: String,
        at now: Timestamp,
        _ db: Database
    ) throws -> Period {
        let scan = gathered.scan
        let newest = try PeriodStore.newestClosed(db)?.seal
        guard try PeriodStore.lastSequence(db, month) == scan.lastSequence, newest?.chainHead == scan.previousHead,
            newest?.manifestSHA256 == gathered.previousManifestSHA256, try mark(db) == gathered.mark
        else { throw Stale() }
        let period = try PeriodStore.period(db, month)
        let (number, isBeyond) = (newest?.number ?? 0).addingReportingOverflow(1)
        if isBeyond { throw BillingError.damaged("periods") }
        let seal = PeriodManifest.Fields(
            closedAt: now, formatVersion: gathered.formatVersion, softwareVersion: gathered.softwareVersion,
            entries: scan.entries, lastSequence: scan.lastSequence, cost: scan.cost, chainHead: scan.chainHead,
            factsSHA256: factsSHA256, previousManifestSHA256: gathered.previousManifestSHA256,
            number: number
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
