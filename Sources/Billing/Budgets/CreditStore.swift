public import GRDB
public import Tenancy

/// The rows of credits: appended, never changed.
public enum CreditStore {
    /// Records a credit at its instant or, if that is in or before a closed month, behind all closed months; returns it
    /// as recorded. Throws `BillingError.unknownTenant`.
    public static func record(_ asked: Credit, _ db: Database) throws -> Credit {
        let credit = asked.counted(at: max(asked.createdAt, try PeriodStore.closedUntil(db)))
        try insert(credit, db)
        return credit
    }

    /// Records a credit as it is. Throws `BillingError.unknownTenant`.
    public static func insert(_ credit: Credit, _ db: Database) throws {
        do {
            try db.execute(
                sql: """
                    INSERT INTO credits (id, tenant_id, amount_micro, amount_pico, kind, note, created_at, created_by)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    credit.id.text, credit.tenantID.text, credit.amount.micro, credit.amount.remainder,
                    credit.kind.rawValue, credit.note, credit.createdAt.microseconds, credit.createdBy,
                ]
            )
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY {
            throw BillingError.unknownTenant(credit.tenantID.text)
        }
    }

    /// A page of a tenant's credits in order of their ids, which is the order they came in.
    public static func credits(
        _ db: Database,
        tenant: ID<Tenant>,
        after: String?,
        limit: Int
    ) throws -> [Credit] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM credits WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?",
            arguments: [tenant.text, after ?? "", limit]
        ).map(credit)
    }

    /// The credits of all tenants recorded in a span, oldest first.
    static func credits(_ db: Database, from start: Timestamp, until end: Timestamp) throws -> [Credit] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM credits WHERE created_at >= ? AND created_at < ? ORDER BY id",
            arguments: [start.microseconds, end.microseconds]
        ).map(credit)
    }

    /// What a tenant has of each kind; zero where it has nothing. Summed in parts, because ten of the largest credits
    /// are more micro-dollars than SQLite adds up.
    public static func sums(_ db: Database, tenant: ID<Tenant>) throws -> [Credit.Kind: Money] {
        var sums = Dictionary(uniqueKeysWithValues: Credit.Kind.allCases.map { ($0, Money.zero) })
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT kind, SUM(amount_micro / 1000000) AS usd, SUM(amount_micro % 1000000) AS micro,
                    SUM(amount_pico) AS pico
                FROM credits WHERE tenant_id = ? GROUP BY kind
                """,
            arguments: [tenant.text]
        )
        for row in rows {
            let kind = try Self.kind(row)
            sums[kind] = Money(usd: row["usd"], micro: row["micro"], pico: row["pico"])
        }
        return sums
    }

    private static func kind(_ row: Row) throws -> Credit.Kind {
        guard let kind = Credit.Kind(rawValue: row["kind"]) else { throw BillingError.damaged("credits") }
        return kind
    }

    private static func credit(_ row: Row) throws -> Credit {
        Credit(
            id: ID(row["id"]), tenantID: ID(row["tenant_id"]),
            amount: Money(micro: row["amount_micro"], remainder: row["amount_pico"]), kind: try kind(row),
            note: row["note"],
            createdAt: Timestamp(microseconds: row["created_at"]), createdBy: row["created_by"]
        )
    }
}

extension Money {
    /// An amount in three parts, each of any size; no sum of 64-bit parts leaves 128 bits.
    fileprivate init(usd: Int64, micro: Int64, pico: Int64) {
        self.init(pico: Int128(usd) * 1_000_000_000_000 + Int128(micro) * 1_000_000 + Int128(pico))
    }
}
