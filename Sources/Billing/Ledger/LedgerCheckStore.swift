public import GRDB
public import Tenancy

/// What an outside look at the ledger needs to know; changes nothing.
public enum LedgerCheckStore {
    /// The holds that crashes left behind, of calls nobody knows the end of.
    public static func uncertainHolds(_ db: Database) throws -> [StoredHold] {
        try LedgerStore.uncertainHolds(db)
    }

    /// When the newest entry was made; nil if there is none.
    public static func newestEntry(_ db: Database) throws -> Timestamp? {
        try Int64.fetchOne(db, sql: "SELECT ended_at FROM ledger ORDER BY seq DESC LIMIT 1")
            .map { Timestamp(microseconds: $0) }
    }

    /// Those of the holds whose attempt has no end in the ledger and that are not known as uncertain either.
    public static func open(_ db: Database, among holds: [StoredHold]) throws -> [StoredHold] {
        try holds.filter { hold in
            let arguments: StatementArguments = ["request": hold.id.request, "attempt": hold.id.attempt]
            let isKnown = try Bool.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT EXISTS (SELECT 1 FROM ledger WHERE request_id = :request AND attempt = :attempt
                            AND kind IN ('settle', 'release', 'resolve'))
                            OR EXISTS (SELECT 1 FROM holds WHERE request_id = :request AND attempt = :attempt)
                        """
                ),
                arguments: arguments
            )
            return isKnown != true
        }
    }
}
