public import GRDB

/// The SHA-256 of closed months' manifests: of the bytes of the one that tells of the whole month.
public enum ExportManifestStore {
    /// The manifest that a month's own must name: that of the month closed before. nil for the first one closed.
    /// Throws `ExportError.manifestNotMade` when nobody has made that one yet.
    public static func previous(_ db: Database, _ facts: PeriodFacts) throws -> PreviousManifest? {
        guard let seal = facts.previousManifestSHA256 else { return nil }
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT periods.period, export_manifests.sha256 FROM periods LEFT JOIN export_manifests USING (period)
                WHERE manifest_sha256 = ?
                """,
            arguments: [seal])
        guard let row else { throw BillingError.damaged("periods") }
        guard let sha256 = row[1] as String? else { throw ExportError.manifestNotMade }
        return PreviousManifest(period: row[0], sha256: sha256)
    }

    /// Of the closed months without a manifest, the one that was closed first; nil if all have one.
    public static func firstMissing(_ db: Database) throws -> BillingPeriod? {
        try String.fetchOne(
            db,
            sql: """
                SELECT period FROM periods WHERE status = 'closed'
                    AND NOT EXISTS (SELECT 1 FROM export_manifests WHERE period = periods.period)
                ORDER BY number LIMIT 1
                """
        ).flatMap { BillingPeriod($0) }
    }

    /// Keeps what a closed month's manifest came to. Two that made it at once have the same.
    public static func keep(_ sha256: String, of month: BillingPeriod, _ db: Database) throws {
        let isKept = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM export_manifests WHERE period = ?)", arguments: [month.text])
        if isKept ?? false { return }
        try db.execute(
            sql: "INSERT INTO export_manifests (period, sha256) VALUES (?, ?)", arguments: [month.text, sha256])
    }
}
