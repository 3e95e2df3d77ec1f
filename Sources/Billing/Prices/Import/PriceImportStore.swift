public import GRDB
import Tenancy

/// The rows of imports: appended, never changed.
public enum PriceImportStore {
    /// Records an import, in the transaction of its last prices.
    public static func insert(_ made: PriceImport, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO price_imports (id, format, sha256, kind, effective_from, published, created_at, created_by)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                made.id.text, made.format, made.sha256, made.kind.rawValue, made.effectiveFrom.microseconds,
                made.published, made.createdAt.microseconds, made.createdBy,
            ])
    }
}
