import GRDB
import Tenancy

/// What tenants draw in a month from what they paid ahead. What a closed month drew was frozen with it, and so were the
/// credits of it: only months that are not closed are worked out.
enum PrepaidStore {
    private typealias ByTenant = [String: PrepaidMonth]

    /// What each tenant draws in a month that is not closed; only those that draw anything. Entries after
    /// `lastSequence`, and tenants other than the one asked for, do not count.
    static func drawn(
        _ db: Database, _ month: BillingPeriod, through lastSequence: Int64 = .max, tenantID: String? = nil
    ) throws -> [String: Money] {
        var months: [BillingPeriod: ByTenant] = [:]
        for closed in try PeriodStore.closed(db).map(\.month) {
            months[closed] = try frozen(db, closed)
        }
        let closed = Set(months.keys)
        let end = max(month, months.keys.max() ?? month).end
        let credits = try CreditStore.credits(db, from: Timestamp(microseconds: 0), until: end)
        for credit in credits where credit.kind == .prepaid {
            let paidIn = BillingPeriod(containing: credit.createdAt)
            guard !closed.contains(paidIn) else { continue }
            months[paidIn, default: [:]][credit.tenantID.text, default: PrepaidMonth()].paid += credit.amount
        }
        let tenants = Set(months.values.flatMap { $0.filter { $0.value.paid > .zero }.keys })
            .filter { tenantID == nil || tenantID == $0 }
        guard !tenants.isEmpty, var current = months.keys.min() else { return [:] }
        while current <= month {
            if !closed.contains(current) {
                for (tenant, amount) in try spent(db, current, through: lastSequence) {
                    months[current, default: [:]][tenant, default: PrepaidMonth()].spent = amount
                }
                if months[current] == nil { months[current] = [:] }
            }
            current = current.next
        }
        let order = months.keys.sorted()
        guard let target = order.firstIndex(of: month) else { return [:] }
        return tenants.reduce(into: [:]) { drawn, tenant in
            let own = order.map { name in
                months[name]?[tenant] ?? PrepaidMonth(frozen: closed.contains(name) ? .zero : nil)
            }
            let amount = PrepaidDraw.drawn(own, at: target)
            if amount > .zero { drawn[tenant] = amount }
        }
    }

    private static func frozen(_ db: Database, _ month: BillingPeriod) throws -> ByTenant {
        let (credits, draws) = try PeriodFactsStore.prepaid(db, month)
        var tenants: ByTenant = [:]
        for credit in credits where credit.kind == .prepaid {
            tenants[credit.tenantID, default: PrepaidMonth(frozen: .zero)].paid += credit.amount
        }
        for draw in draws { tenants[draw.tenantID, default: PrepaidMonth()].frozen = draw.drawn }
        return tenants
    }

    /// What each tenant spent in a month.
    private static func spent(
        _ db: Database, _ month: BillingPeriod, through lastSequence: Int64
    ) throws -> [String: Money] {
        var spent: [String: Money] = [:]
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT tenant_id, SUM(cost / 1000000) AS micro, SUM(cost % 1000000) AS pico FROM ledger
                WHERE period = :period AND seq <= :last GROUP BY tenant_id
                """,
            arguments: ["period": month.text, "last": lastSequence])
        while let row = try rows.next() { spent[row["tenant_id"]] = Money(micro: row["micro"], remainder: row["pico"]) }
        return spent
    }
}
