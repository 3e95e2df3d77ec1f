import Tenancy

/// The conditions of a usage query on the columns that roll-ups and ledger share.
struct UsageFilter {
    /// ` AND …`, or nothing.
    private(set) var condition = ""
    /// What the conditions bind.
    private(set) var arguments: [String] = []

    init(_ query: UsageQuery) {
        add("tenant_id", query.tenantIDs?.map(\.text))
        add("key_id", query.keyIDs?.map(\.text))
        if let keys = query.keys {
            condition += UsageSourceStore.keysCondition
            arguments += [keys.first, keys.last, keys.first, keys.last, keys.first, keys.last]
        }
        add("model", query.models)
        add("pool", query.pool.map { [$0] })
        add("backend_id", query.backendID.map { [$0] })
    }

    private mutating func add(_ column: String, _ values: [String]?) {
        guard let values else { return }
        let marks = Array(repeating: "?", count: values.count).joined(separator: ", ")
        condition += values.count == 1 ? " AND \(column) = ?" : " AND \(column) IN (\(marks))"
        arguments += values
    }
}
