public import GRDB
import Tenancy

/// Recomputes the chain, the facts and the manifest of every closed month and compares; changes nothing.
public enum PeriodVerifierStore {
    /// Every difference in words, none when nothing that was frozen has changed. Run it in one read transaction.
    public static func run(_ db: Database) throws -> [String] {
        var found: [String] = []
        var previous: PeriodSeal?
        for period in try PeriodStore.closed(db) {
            guard let seal = period.seal else { continue }
            let month = period.month
            let scan = try PeriodScanStore.scan(db, month, after: previous?.chainHead)
            if scan.chainHead != seal.chainHead {
                found.append(
                    "period \(month): its entries are not those it was closed with (\(scan.entries) of "
                        + "\(seal.entries), costing \(scan.cost.decimal) of \(seal.cost.decimal) USD)"
                )
            }
            if try PeriodFactsStore.digest(db, month) != seal.factsSHA256 {
                found.append("period \(month): the names and prices frozen with it were changed")
            }
            if !seal.isIntact(of: month)
                || seal.previousManifestSHA256 != previous?.manifestSHA256
                || seal.number != (previous?.number ?? 0) &+ 1
            {
                found.append("period \(month): what its close wrote down was changed")
            }
            previous = seal
        }
        return try found + corrections(db)
    }

    /// Each correction has its entry with its amount, and the other way round.
    private static func corrections(_ db: Database) throws -> [String] {
        let lost = try String.fetchAll(
            db,
            sql: """
                SELECT id FROM corrections WHERE NOT EXISTS (
                    SELECT 1 FROM ledger WHERE request_id = corrections.id AND kind = 'correction'
                        AND cost = corrections.amount AND corrects_period = corrections.corrects_period
                        AND tenant_id = corrections.tenant_id)
                UNION ALL
                SELECT request_id FROM ledger WHERE kind = 'correction' AND NOT EXISTS (
                    SELECT 1 FROM corrections WHERE id = ledger.request_id)
                """)
        return lost.map { "correction \($0): its entry and its reason do not belong together" }
    }
}
