import GRDB
import Tenancy

/// What tenants draw in a month from what they paid ahead, from rows that never change once their month is closed.
enum PrepaidStore {
    private typealias ByMonth = [BillingPeriod: [String: Money]]

    /// By tenant; only those that paid ahead by the end of the month. Each month is read in a transaction of its own.
    static func drawn(_ file: DatabaseFile, _ scope: ExportScope) throws -> [String: Money] {
        let paid = try file.read { try Self.paid($0, scope) }
        guard var month = paid.keys.min() else { return [:] }
        var spent: ByMonth = [:]
        while month <= scope.month {
            spent[month] = try file.read { try Self.spent($0, month, scope) }
            month = month.next
        }
        let months = spent.keys.sorted()
        let tenants = Set(paid.values.flatMap(\.keys))
        return tenants.reduce(into: [:]) { drawn, tenant in
            drawn[tenant] = PrepaidDraw.drawn(
                months.map { (paid: paid[$0]?[tenant] ?? .zero, spent: spent[$0]?[tenant] ?? .zero) })
        }
    }

    private static func paid(_ db: Database, _ scope: ExportScope) throws -> ByMonth {
        var paid: ByMonth = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT tenant_id, amount_micro, amount_pico, created_at FROM credits
                WHERE kind = 'prepaid' AND created_at < :end AND (:tenant IS NULL OR tenant_id = :tenant)
                """,
            arguments: ["end": scope.month.end.microseconds, "tenant": scope.tenantID])
        while let row = try rows.next() {
            let month = BillingPeriod(containing: Timestamp(microseconds: row["created_at"]))
            let amount = Money(micro: row["amount_micro"], remainder: row["amount_pico"])
            paid[month, default: [:]][row["tenant_id"], default: .zero] += amount
        }
        return paid
    }

    /// What each tenant spent in a month.
    private static func spent(_ db: Database, _ month: BillingPeriod, _ scope: ExportScope) throws -> [String: Money] {
        var spent: [String: Money] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT tenant_id, SUM(cost / 1000000) AS micro, SUM(cost % 1000000) AS pico FROM ledger
                WHERE period = :period AND seq <= :last AND (:tenant IS NULL OR tenant_id = :tenant)
                GROUP BY tenant_id
                """,
            arguments: ["period": month.text, "last": scope.lastSequence, "tenant": scope.tenantID])
        while let row = try rows.next() { spent[row["tenant_id"]] = Money(micro: row["micro"], remainder: row["pico"]) }
        return spent
    }
}
