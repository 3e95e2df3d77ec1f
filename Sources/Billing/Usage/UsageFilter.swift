import Tenancy

/// The conditions of a usage query on the columns that roll-ups and ledger share.
struct UsageFilter {
    /// ` AND …`, or nothing.
    private(set) var condition = ""
    /// What the conditions bind.
    private(set) var arguments: [String] = []

    init(_ query: UsageQuery) {
        add("tenant_id", query.tenantID?.text)
        add("key_id", query.keyID?.text)
        add("model", query.model)
        add("pool", query.pool)
        add("backend_id", query.backendID)
    }

    private mutating func add(_ column: String, _ value: String?) {
        guard let value else { return }
        condition += " AND \(column) = ?"
        arguments.append(value)
    }
}
