public import GRDB
public import Tenancy

/// The rows of imports and their parts: appended, never changed.
public enum PriceImportStore {
    /// Records an import, in the transaction of its first prices.
    public static func insert(_ made: PriceImport, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO price_imports (id, format, sha256, kind, wish, effective_from, published, created_at,
                    created_by)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                made.id.text, made.format, made.sha256, made.kind.rawValue, made.wish,
                made.effectiveFrom.microseconds, made.planned, made.createdAt.microseconds, made.createdBy,
            ])
    }

    /// Records a part, in the transaction of its prices.
    public static func insert(_ part: PriceImport.Part, of id: ID<PriceImport>, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO price_import_parts (import_id, part, published, is_last) VALUES (?, ?, ?, ?)",
            arguments: [id.text, part.number, part.published, part.isLast])
    }

    /// A page of imports, oldest first. Those made before there were parts are complete.
    public static func imports(_ db: Database, after: String?, limit: Int) throws -> [PriceImportRecord] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT price_imports.*, COUNT(part) AS parts, SUM(price_import_parts.published) AS done,
                    MAX(is_last) AS is_complete
                FROM price_imports LEFT JOIN price_import_parts ON import_id = id
                WHERE id > ? GROUP BY id ORDER BY id LIMIT ?
                """,
            arguments: [after ?? "", limit]
        ).map { row in
            guard let kind = PriceKind(rawValue: row["kind"]) else { throw BillingError.damaged("price_imports") }
            let made = PriceImport(
                id: ID(row["id"]), format: row["format"], sha256: row["sha256"], kind: kind, wish: row["wish"] ?? "{}",
                effectiveFrom: Timestamp(microseconds: row["effective_from"]), planned: row["published"],
                createdAt: Timestamp(microseconds: row["created_at"]), createdBy: row["created_by"])
            let hasParts = row["parts"] as Int > 0
            return PriceImportRecord(
                made: made, published: hasParts ? row["done"] : made.planned,
                isComplete: hasParts ? row["is_complete"] : true)
        }
    }

    /// The newest import of the same list with the same wish, if its last part is missing; with an instant only one
    /// whose prices apply from then on.
    public static func unfinished(
        _ db: Database, format: String, sha256: String, wish: String, effectiveFrom: Timestamp?
    ) throws -> PriceImport.Unfinished? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT id, effective_from, price_imports.published AS planned, COUNT(part) AS parts,
                    SUM(price_import_parts.published) AS published, MAX(is_last) AS is_complete
                FROM price_imports JOIN price_import_parts ON import_id = id
                WHERE format = ? AND sha256 = ? AND wish = ? AND ifnull(effective_from = ?, 1)
                GROUP BY id ORDER BY id DESC LIMIT 1
                """,
            arguments: [format, sha256, wish, effectiveFrom?.microseconds])
        guard let row, !row["is_complete"] else { return nil }
        return PriceImport.Unfinished(
            id: ID(row["id"]), effectiveFrom: Timestamp(microseconds: row["effective_from"]), planned: row["planned"],
            published: row["published"], parts: row["parts"])
    }
}
