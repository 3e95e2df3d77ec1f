import GRDB

/// The columns of a usage query's groups, named `g0`, `g1`, … in the order they are told apart by.
struct UsageGroupsStore {
    private let groups: [UsageGroup]

    init(_ groups: [UsageGroup]) {
        self.groups = groups
    }

    /// `g0, g1, `, or nothing.
    var names: String { aliases.map { $0 + ", " }.joined() }

    /// The same as expressions over a table, with their aliases.
    func expressions(of table: String) -> String {
        zip(groups, aliases).map { "\(expression($0, table)) AS \($1), " }.joined()
    }

    /// What the expressions bind.
    var arguments: StatementArguments {
        StatementArguments(
            groups.flatMap { group -> [String] in if case .tag(let name) = group { [name, name] } else { [] } })
    }

    /// Leaves out what was seen, and what comes after the group `last`; binds the values of both.
    func beyond(_ seen: [String], upTo last: [String] = []) -> String {
        let names = aliases.joined(separator: ", ")
        let conditions = [(">", seen), ("<=", last)].compactMap { comparison, values -> String? in
            guard !values.isEmpty else { return nil }
            let marks = Array(repeating: "?", count: values.count).joined(separator: ", ")
            return "(\(names)) \(comparison) (\(marks))"
        }
        return conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    }

    /// Groups that a condition on their sums holds for, in order; without groups, nothing.
    func order(having condition: String) -> String {
        if groups.isEmpty { return "" }
        let list = aliases.joined(separator: ", ")
        return "GROUP BY \(list) HAVING \(condition) ORDER BY \(list)"
    }

    func values(_ row: Row) -> [String] { aliases.map { row[$0] } }

    private var aliases: [String] { groups.indices.map { "g\($0)" } }

    private func expression(_ group: UsageGroup, _ table: String) -> String {
        switch group {
        case .tenant: "\(table).tenant_id"
        case .key: "\(table).key_id"
        case .model: "\(table).model"
        case .pool: "\(table).pool"
        case .backend: "\(table).backend_id"
        case .meter: "''"
        case .tag:
            """
            COALESCE(
                (SELECT label.value FROM api_keys, json_each(api_keys.tags) AS label
                    WHERE api_keys.id = \(table).key_id AND label.key = ?),
                (SELECT label.value FROM tenants, json_each(tenants.tags) AS label
                    WHERE tenants.id = \(table).tenant_id AND label.key = ?), '')
            """
        }
    }
}
