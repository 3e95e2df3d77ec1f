public import GRDB
public import Tenancy

/// The rows of budgets and prices.
public enum BillingStore {
    // MARK: Budgets

    /// A page of budgets, or of a tenant's, in order of their ids; perhaps without those of archived tenants, which cap
    /// nothing any more.
    public static func budgets(
        _ db: Database, tenant: ID<Tenant>? = nil, besidesArchived: Bool = false, after: String? = nil,
        limit: Int = .max
    ) throws -> [Budget] {
        // No bound at all without `after`: a row whose id became empty caps its tenant too.
        var condition = after == nil ? "" : " AND id > :after"
        if tenant != nil { condition += " AND tenant_id = :tenant" }
        if besidesArchived {
            condition += " AND EXISTS (SELECT 1 FROM tenants WHERE id = budgets.tenant_id AND archived_at IS NULL)"
        }
        var arguments: StatementArguments = ["limit": limit]
        if let after { arguments += ["after": after] }
        if let tenant { arguments += ["tenant": tenant.text] }
        return try Row.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM budgets WHERE TRUE\(condition) ORDER BY id LIMIT :limit"),
            arguments: arguments
        ).map(budget)
    }

    /// One budget.
    public static func budget(_ db: Database, _ id: ID<Budget>) throws -> Budget? {
        try Row.fetchOne(db, sql: "SELECT * FROM budgets WHERE id = ?", arguments: [id.text]).map(budget)
    }

    /// Removes a budget and its accounts. Throws `BillingError.notFound`.
    public static func deleteBudget(_ id: ID<Budget>, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM budgets WHERE id = ?", arguments: [id.text])
        if db.changesCount == 0 { throw BillingError.notFound }
    }

    /// Stores a budget without an account; `Ledger.insert` makes that too.
    static func insert(_ budget: Budget, _ db: Database) throws {
        try translating {
            try db.execute(
                sql: """
                    INSERT INTO budgets (id, tenant_id, key_id, model, pool, limit_micro, limit_pico, window, mode,
                        alerts_at, alert_amounts, created_at)
                    VALUES (:id, :tenant, :key, :model, :pool, :micro, :pico, :window, :mode, :alerts, :amounts,
                        :created)
                    """,
                arguments: arguments(budget)
            )
        }
    }

    static func update(_ budget: Budget, _ db: Database) throws {
        try translating {
            try db.execute(
                sql: """
                    UPDATE budgets SET tenant_id = :tenant, key_id = :key, model = :model, pool = :pool,
                        limit_micro = :micro, limit_pico = :pico, window = :window, mode = :mode,
                        alerts_at = :alerts, alert_amounts = :amounts, created_at = :created
                    WHERE id = :id
                    """,
                arguments: arguments(budget)
            )
        }
        if db.changesCount == 0 { throw BillingError.notFound }
    }

    private static func arguments(_ budget: Budget) -> StatementArguments {
        [
            "id": budget.id.text, "tenant": budget.tenantID.text, "key": budget.keyID?.text, "model": budget.model,
            "pool": budget.pool, "micro": budget.limit.micro, "pico": budget.limit.remainder,
            "window": budget.window.rawValue, "mode": budget.mode.rawValue,
            "alerts": budget.alertsAt.joined(separator: " "),
            "amounts": budget.alertAmounts.map(\.decimal).joined(separator: " "),
            "created": budget.createdAt.microseconds,
        ]
    }

    /// An odd row becomes a hard budget of nothing: it refuses the calls it matches, and no others.
    private static func budget(_ row: Row) throws -> Budget {
        let window = BudgetWindow.Kind(rawValue: row["window"])
        let mode = BudgetMode(rawValue: row["mode"])
        let limit = Money(storedMicro: row["limit_micro"], remainder: row["limit_pico"]).flatMap {
            $0 < .zero ? nil : $0
        }
        let isWhole = window != nil && mode != nil && limit != nil
        let alerts: String = row["alerts_at"]
        let amounts: String = row["alert_amounts"]
        return Budget(
            id: ID(row["id"]), tenantID: ID(row["tenant_id"]), keyID: (row["key_id"] as String?).map { ID($0) },
            model: row["model"], pool: row["pool"],
            limit: isWhole ? limit ?? .zero : .zero,
            window: window ?? .total, mode: isWhole ? mode ?? .hard : .hard,
            alertsAt: alerts.split(separator: " ").map(String.init).filter(AlertRule.isThreshold),
            alertAmounts: amounts.split(separator: " ").compactMap { try? Money(decimal: String($0)) },
            createdAt: Timestamp(microseconds: row["created_at"])
        )
    }

    private static func translating(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as DatabaseError {
            switch error.extendedResultCode {
            case .SQLITE_CONSTRAINT_UNIQUE: throw BillingError.twin
            case .SQLITE_CONSTRAINT_FOREIGNKEY: throw BillingError.unknownScope
            default: throw error
            }
        }
    }

    // MARK: Prices

    /// Every price version, oldest first.
    public static func prices(_ db: Database) throws -> [PriceVersion] {
        try Row.fetchAll(db, sql: "SELECT * FROM prices ORDER BY effective_from, id").map(price)
    }

    /// One version; nil if there is none.
    static func price(_ id: String, _ db: Database) throws -> PriceVersion? {
        try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM prices WHERE id = ?"), arguments: [id]).map(price)
    }

    /// A page of price versions, perhaps of one model or agreed with one tenant, in order of their ids.
    public static func prices(
        _ db: Database, model: String? = nil, tenant: ID<Tenant>? = nil, after: String?, limit: Int
    ) throws -> [PriceVersion] {
        let sql = """
            SELECT * FROM prices WHERE id > :after\(model == nil ? "" : " AND model = :model")
                \(tenant == nil ? "" : " AND tenant_id = :tenant") ORDER BY id LIMIT :limit
            """
        var arguments: StatementArguments = ["after": after ?? "", "limit": limit]
        if let model { arguments += ["model": model] }
        if let tenant { arguments += ["tenant": tenant.text] }
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map(price)
    }

    /// All versions of a model's price, those agreed with single tenants included, oldest first.
    public static func priceHistory(_ db: Database, model: String) throws -> [PriceVersion] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM prices WHERE model = ? ORDER BY effective_from, id"),
            arguments: [model]
        ).map(price)
    }

    /// Stores a version, or returns the one that says the same already. Throws `BillingError.conflict` when one for the
    /// same thing and instant has other numbers, `unknownTenant` when it is agreed with a tenant there is not.
    public static func insert(_ version: PriceVersion, _ db: Database) throws -> PriceVersion {
        let twin = try priceHistory(db, model: version.model).first { $0.hasIdentity(of: version) }
        if let twin {
            guard twin.rates == version.rates else { throw BillingError.conflict }
            return twin
        }
        if let tenantID = version.tenantID, try TenancyStore.tenant(db, tenantID) == nil {
            throw BillingError.unknownTenant(tenantID.text)
        }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO prices (id, model, kind, backend_id, tenant_id, tier, above_tokens, effective_from,
                    published_at, prices_tokens, \(Meter.allCases.map(\.rawValue).joined(separator: ", ")))
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \(Meter.allCases.map { _ in "?" }.joined(separator: ", ")))
                """)
        try statement.execute(
            arguments: [
                version.id, version.model, version.kind.rawValue, version.backendID, version.tenantID?.text,
                version.tier, version.aboveTokens, version.effectiveFrom.microseconds, version.publishedAt.microseconds,
                version.rates.charges(.input),
            ] + StatementArguments(Meter.allCases.map { column($0, version.rates) })
        )
        return version
    }

    /// The columns of input and output are never null, so 0 stands there where tokens have no price.
    private static func column(_ meter: Meter, _ rates: Rates) -> Int64? {
        rates.own(meter) ?? (meter.isToken && meter.parent == nil ? 0 : nil)
    }

    private static func price(_ row: Row) throws -> PriceVersion {
        let tenantID = (row["tenant_id"] as String?).map { ID<Tenant>($0) }
        // What was agreed with a tenant is a tenant's price, if its kind cannot be read.
        guard let kind = PriceKind(rawValue: row["kind"]) ?? tenantID.map({ _ in .tenant }) else {
            throw BillingError.damaged("prices, \(row["id"] as String)")
        }
        var given: [Meter: Int64] = [:]
        for meter in Meter.allCases { given[meter] = row[meter.rawValue] as Int64? }
        let rates =
            row["prices_tokens"]
            ? Rates(input: row["input"], output: row["output"], others: given) : Rates(units: given)
        return PriceVersion(
            id: row["id"], model: row["model"], kind: kind, backendID: row["backend_id"],
            tenantID: tenantID, tier: row["tier"], aboveTokens: row["above_tokens"],
            effectiveFrom: Timestamp(microseconds: row["effective_from"]),
            publishedAt: Timestamp(microseconds: row["published_at"]), rates: rates
        )
    }
}
